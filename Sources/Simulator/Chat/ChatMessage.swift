internal import OpenAIWire

/// One message of a conversation.
struct ChatMessage {
  enum Role: String {
    case system, developer, user, assistant, tool, function
  }

  struct Call {
    let id: String
    let name: String
    let arguments: String
  }

  let role: Role
  /// The text parts, joined with line breaks.
  let text: String
  /// How many pictures its parts hold.
  let pictures: Int
  /// The assistant's calls.
  let calls: [Call]
  /// For tool messages: the call that this is the result of.
  let callID: String?

  init(_ message: JSONSlice, index: Int) throws(OpenAIError) {
    let place = "messages[\(index)]"
    guard let role = message["role"]?.string.flatMap(Role.init(rawValue:)) else {
      throw .invalidRequest(
        "Invalid value: '\(message["role"]?.string ?? "")'. Supported values are: 'system', "
          + "'assistant', 'user', 'function', 'tool', and 'developer'.",
        param: "\(place).role", code: "invalid_value")
    }
    self.role = role
    var calls: [Call] = []
    if let value = message["tool_calls"], !value.isNull {
      for call in value.elements {
        guard let id = call["id"]?.string, let name = call["function"]?["name"]?.string,
          let arguments = call["function"]?["arguments"]?.string
        else {
          throw .invalidRequest(
            "Missing required parameter: '\(place).tool_calls[\(calls.count)]'.",
            param: "\(place).tool_calls[\(calls.count)]", code: "missing_required_parameter")
        }
        calls.append(Call(id: id, name: name, arguments: arguments))
      }
      if calls.isEmpty {
        throw .invalidRequest(
          "Invalid '\(place).tool_calls': empty array. Expected an array with minimum length 1, "
            + "but got an empty array instead.",
          param: "\(place).tool_calls", code: "empty_array")
      }
    }
    self.calls = calls
    callID = message["tool_call_id"]?.string
    pictures = message["content"]?.elements.count { $0["image_url"] != nil } ?? 0
    text = try Self.text(message["content"], optional: !calls.isEmpty, place)
  }

  private static func text(
    _ content: JSONSlice?, optional: Bool, _ place: String
  ) throws(OpenAIError) -> String {
    switch content?.kind {
    case .string: return content?.string ?? ""
    case .array:
      return content?.elements.compactMap { $0["text"]?.string }.joined(separator: "\n") ?? ""
    default:
      guard optional else {
        throw .invalidRequest(
          "Invalid value for 'content': expected a string, got null.", param: "\(place).content")
      }
      return ""
    }
  }
}
