internal import OpenAIWire

/// A tool call that a model has made, complete.
package struct ToolCall: Sendable, Hashable {
  /// The upstream's id for it, or one made up where it gave none.
  package var id: String
  /// The function's name.
  package var name: String
  /// The arguments as the model wrote them: as a rule, the text of a JSON object.
  package var arguments: [UInt8]
  /// What else the upstream has put into the call, as a JSON object; empty for nothing. It goes back
  /// to the upstream with the call: Gemini signs its calls so, and refuses a conversation in which
  /// a signature is missing. https://ai.google.dev/gemini-api/docs/thought-signatures
  package var others: [UInt8]

  /// A complete call.
  package init(id: String, name: String, arguments: [UInt8], others: [UInt8] = []) {
    self.id = id
    self.name = name
    self.arguments = arguments
    self.others = others
  }
}

extension JSONSlice {
  /// The members of a tool call that are not OpenAI's, in order.
  var otherCallMembers: [(key: String, value: JSONSlice)] {
    members.filter { !["index", "id", "type", "function"].contains($0.key) && !$0.value.isNull }
  }
}

/// A tool call that is being streamed.
struct PartialCall {
  /// The upstream's index.
  let index: Int
  /// Which call of the answer it is, counted over all its streams.
  let number: Int
  var id = ""
  var name = ""
  var arguments: [UInt8] = []
  /// Whether the gateway runs it; nil while its name has not come.
  var isOwn: Bool?
  /// Whether it was handed out to be run.
  var isStarted = false
  /// Where it stands among the client's calls; nil for the gateway's own.
  var clientIndex: Int?
  /// How many entries have come before its name: they were withheld.
  var heldEntries = 0
  /// Whether a call before it in the same turn has its id, by which results are told apart.
  var sharesID = false
  /// Members that are not OpenAI's, each as it came first.
  var others: [(key: String, value: [UInt8])] = []

  var isComplete: Bool { (try? JSONScanner.validate(arguments)) != nil }

  var call: ToolCall {
    ToolCall(
      id: id.isEmpty || sharesID ? "call_easel_\(number)" : id, name: name, arguments: arguments,
      others: others.isEmpty ? [] : JSONWriter.object { writeOthers(to: &$0) })
  }

  /// All that has come of it, as one entry of a client's stream.
  func entry(index: Int) -> [UInt8] {
    JSONWriter.object { writer in
      writer.member("index", index)
      if !id.isEmpty { writer.member("id", id) }
      writer.member("type", "function")
      writer.key("function")
      writer.beginObject()
      writer.member("name", name)
      writer.member("arguments", String(decoding: arguments, as: UTF8.self))
      writer.endObject()
      writeOthers(to: &writer)
    }
  }

  private func writeOthers(to writer: inout JSONWriter) {
    for (key, value) in others { writer.member(key, raw: value) }
  }

  /// Whether an entry with a name and these arguments cannot belong to it, since its own are whole.
  func isOver(before piece: [UInt8]) -> Bool {
    // Looked at first: servers that repeat the name in each delta send many pieces.
    guard piece.first(where: { $0 > 0x20 }) == UInt8(ascii: "{"),
      arguments.last(where: { $0 > 0x20 }) == UInt8(ascii: "}")
    else { return false }
    return isComplete
  }
}
