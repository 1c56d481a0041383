internal import OpenAIWire

/// A chat model that decides by simple rules: it draws, or changes a picture, where it is asked to
/// and has the tool for it, calls a client's tool that is mentioned, and talks otherwise.
enum SimulatedChatModel {
  static func answer(_ request: ChatRequest) -> ChatAnswer {
    guard let last = request.messages.last else { return ChatAnswer(text: "Hello.") }
    let user = request.messages.last { $0.role == .user }
    let words = Words(user?.text ?? "")
    if last.role == .tool { return conclude(request, words) }
    let tools = chosen(request, words)
    guard tools.isEmpty else { return call(tools, words, request) }
    return ChatAnswer(text: prose(words))
  }

  /// The tools that are called.
  private static func chosen(_ request: ChatRequest, _ words: Words) -> [ChatTool] {
    switch request.toolChoice {
    case .none: return []
    case .named(let name): return request.tools.filter { $0.name == name }
    case .auto, .required:
      let changes = words.askForChange && request.tools.contains(where: \.editsPictures)
      let wanted = request.tools.filter { tool in
        if tool.editsPictures { return changes }
        if tool.drawsPictures {
          return words.askForPicture && (!changes || words.all.contains("draw"))
        }
        return words.mention(tool: tool.name)
      }
      if wanted.isEmpty && request.toolChoice == .required { return Array(request.tools.prefix(1)) }
      return request.allowsParallelCalls ? wanted : Array(wanted.prefix(1))
    }
  }

  private static func call(
    _ tools: [ChatTool], _ words: Words, _ request: ChatRequest
  ) -> ChatAnswer {
    var answer = ChatAnswer()
    answer.text =
      tools.contains { $0.drawsPictures || $0.editsPictures }
      ? "One moment, I am drawing that for you." : ""
    answer.calls = tools.map { tool in
      ChatAnswer.Call(name: tool.name, arguments: arguments(for: tool, words, request))
    }
    return answer
  }

  private static func arguments(
    for tool: ChatTool, _ words: Words, _ request: ChatRequest
  ) -> String {
    if tool.drawsPictures { return ToolArguments.picture(words, tool) }
    guard tool.editsPictures else { return ToolArguments.plausible(words, tool) }
    let image = words.pictureName ?? PicturesSeen(request.messages).newest
    return ToolArguments.edit(words, image: image, tool)
  }

  /// What is said once the results are there.
  private static func conclude(_ request: ChatRequest, _ words: Words) -> ChatAnswer {
    let results = request.messages.reversed().prefix { $0.role == .tool }.reversed()
    let sentences = results.map { result -> String in
      guard let object = try? JSONSlice.parse(Array(result.text.utf8)),
        let status = object["status"]?.string
      else { return "The tool says: \(result.text.prefix(300))" }
      switch status {
      case "success": return "Here is your picture of \(words.subject). Shall I change anything?"
      case "refused": return "I may not draw that: \(object["reason"]?.string ?? "no reason given")"
      default: return "The picture could not be made: \(object["reason"]?.string ?? status)"
      }
    }
    return ChatAnswer(text: sentences.joined(separator: " "))
  }

  private static let sentences = [
    "That is a good question, and the short answer is that it depends on what you have in mind.",
    "In practice most people begin with something small and let it grow.",
    "Think of a river: it finds its way around every stone, and in the end it reaches the sea.",
    "There are two things to keep apart here, the plan and the work.",
    "If you like, ask me to draw a picture of it.",
  ]

  private static func prose(_ words: Words) -> String {
    var text = "You said: \(words.text.prefix(80)). " + sentences.joined(separator: " ")
    if let length = words.requestedLength {
      let source = sentences.joined(separator: " ").split(separator: " ")
      text = (0..<length).map { String(source[$0 % source.count]) }.joined(separator: " ")
    }
    return text
  }
}
