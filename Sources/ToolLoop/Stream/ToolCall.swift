internal import OpenAIWire

/// A tool call that a model has made, complete.
package struct ToolCall: Sendable, Hashable {
  /// The upstream's id for it, or one made up where it gave none.
  package var id: String
  /// The function's name.
  package var name: String
  /// The arguments as the model wrote them: as a rule, the text of a JSON object.
  package var arguments: [UInt8]

  /// A complete call.
  package init(id: String, name: String, arguments: [UInt8]) {
    self.id = id
    self.name = name
    self.arguments = arguments
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
  /// Entries of a call whose name has not come, as they came.
  var held: [[UInt8]] = []

  var isComplete: Bool { (try? JSONScanner.validate(arguments)) != nil }
  var call: ToolCall {
    ToolCall(id: id.isEmpty ? "call_easel_\(number)" : id, name: name, arguments: arguments)
  }
}
