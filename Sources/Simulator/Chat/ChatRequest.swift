internal import OpenAIWire

/// What the simulated model reads of a chat request.
struct ChatRequest {
  let model: String
  let streams: Bool
  let includesUsage: Bool
  /// Answers asked for, 1...128.
  let choices: Int
  let messages: [ChatMessage]
  let tools: [ChatTool]
  let toolChoice: ToolChoice
  let allowsParallelCalls: Bool
  /// The bytes of the body, from which prompt tokens are counted.
  let byteCount: Int

  enum ToolChoice: Equatable {
    case none, auto, required
    case named(String)
  }

  /// - Throws: what OpenAI's API answers to such a body.
  init(_ body: JSONSlice) throws(OpenAIError) {
    guard body.kind == .object else {
      throw .invalidRequest("We could not parse the JSON body of your request.")
    }
    guard let model = body["model"]?.string, !model.isEmpty else {
      throw .invalidRequest("you must provide a model parameter")
    }
    guard let messages = body["messages"], messages.kind == .array else {
      throw .invalidRequest(
        "Missing required parameter: 'messages'.", param: "messages",
        code: "missing_required_parameter")
    }
    self.model = model
    streams = body["stream"]?.bool ?? false
    includesUsage = body["stream_options"]?["include_usage"]?.bool ?? false
    if body["stream_options"]?.kind == .object, !streams {
      throw .invalidRequest(
        "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
        param: "stream_options")
    }
    choices = body["n"]?.int ?? 1
    guard (1...128).contains(choices) else {
      throw .invalidRequest(
        "Invalid 'n': integer out of range. Expected 1 to 128.", param: "n",
        code: "integer_above_max_value")
    }
    var read: [ChatMessage] = []
    for element in messages.elements { read.append(try ChatMessage(element, index: read.count)) }
    self.messages = read
    try ConversationCheck.check(read)
    tools = try Self.tools(body["tools"])
    toolChoice = try Self.toolChoice(body["tool_choice"], tools)
    allowsParallelCalls = body["parallel_tool_calls"]?.bool ?? true
    byteCount = body.range.count
  }

  private static func tools(_ value: JSONSlice?) throws(OpenAIError) -> [ChatTool] {
    guard let value, !value.isNull else { return [] }
    var tools: [ChatTool] = []
    for element in value.elements {
      guard let tool = ChatTool(element) else {
        throw .invalidRequest(
          "Missing required parameter: 'tools[\(tools.count)].function'.",
          param: "tools[\(tools.count)].function", code: "missing_required_parameter")
      }
      tools.append(tool)
    }
    guard !tools.isEmpty else {
      throw .invalidRequest(
        "Invalid 'tools': empty array. Expected an array with minimum length 1, but got an empty "
          + "array instead.",
        param: "tools", code: "empty_array")
    }
    return tools
  }

  private static func toolChoice(
    _ value: JSONSlice?, _ tools: [ChatTool]
  ) throws(OpenAIError) -> ToolChoice {
    guard let value, !value.isNull else { return .auto }
    if value.isString("none") { return .none }
    guard !tools.isEmpty else {
      throw .invalidRequest(
        "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are "
          + "specified.",
        param: "tool_choice")
    }
    if value.isString("auto") { return .auto }
    if value.isString("required") { return .required }
    guard let name = value["function"]?["name"]?.string else {
      throw .invalidRequest(
        "Invalid value for 'tool_choice'.", param: "tool_choice", code: "invalid_value")
    }
    guard tools.contains(where: { $0.name == name }) else {
      throw .invalidRequest(
        "Tool choice '\(name)' not found in 'tools' parameter.", param: "tool_choice")
    }
    return .named(name)
  }
}
