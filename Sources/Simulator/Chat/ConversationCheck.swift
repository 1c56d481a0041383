internal import OpenAIWire

/// The rules that OpenAI's API holds a conversation to, so that a client that breaks one is told
/// here as it would be there.
enum ConversationCheck {
  static func check(_ messages: [ChatMessage]) throws(OpenAIError) {
    guard !messages.isEmpty else {
      throw .invalidRequest(
        "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an "
          + "empty array instead.",
        param: "messages", code: "empty_array")
    }
    var open: [String] = []
    for (index, message) in messages.enumerated() {
      if message.role == .tool {
        try answer(message, index, &open)
        continue
      }
      try checkAnswered(open, before: index)
      open = message.calls.map(\.id)
      guard message.calls.isEmpty || message.role == .assistant else {
        throw .invalidRequest(
          "'tool_calls' is only allowed in assistant messages.",
          param: "messages.[\(index)].tool_calls")
      }
      if Set(open).count < open.count {
        throw .invalidRequest(
          "Duplicate tool call ids in 'messages.[\(index)].tool_calls'.",
          param: "messages.[\(index)].tool_calls")
      }
      try checkForPictures(message, index)
    }
    try checkAnswered(open, before: messages.count)
  }

  private static func answer(
    _ message: ChatMessage, _ index: Int, _ open: inout [String]
  ) throws(OpenAIError) {
    guard let id = message.callID else {
      throw .invalidRequest(
        "Missing parameter 'tool_call_id': messages with role 'tool' must have a 'tool_call_id'.",
        param: "messages.[\(index)].tool_call_id")
    }
    guard let place = open.firstIndex(of: id) else {
      throw .invalidRequest(
        "Invalid parameter: messages with role 'tool' must be a response to a preceeding message "
          + "with 'tool_calls'.",
        param: "messages.[\(index)].role")
    }
    open.remove(at: place)
    try checkForPictures(message, index)
  }

  private static func checkAnswered(_ open: [String], before index: Int) throws(OpenAIError) {
    guard !open.isEmpty else { return }
    throw .invalidRequest(
      "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
        + "'tool_call_id'. The following tool_call_ids did not have response messages: "
        + open.joined(separator: ", "),
      param: "messages.[\(index)].role")
  }

  /// A picture as text costs a fortune of tokens and tells the model nothing; no client means it.
  private static func checkForPictures(
    _ message: ChatMessage, _ index: Int
  ) throws(OpenAIError) {
    guard message.role == .assistant || message.role == .tool,
      message.text.contains("data:image")
    else { return }
    throw .invalidRequest(
      "Invalid 'messages[\(index)].content': the text holds a picture as a data URL.",
      param: "messages[\(index)].content", code: "string_above_max_length")
  }
}
