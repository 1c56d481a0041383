/// What the simulated model says in one turn.
struct ChatAnswer: Equatable {
  struct Call: Equatable {
    let name: String
    /// A JSON object.
    let arguments: String
  }

  var text = ""
  var calls: [Call] = []

  var finishReason: String { calls.isEmpty ? "stop" : "tool_calls" }
}
