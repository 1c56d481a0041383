package import Chat
internal import OpenAIWire

/// Finds the turns of a conversation that the gateway had a part in.
package enum TurnRestorer {
  /// Turns that a request looks up at most, newest first.
  private static let limit = 16

  /// Asks the memory for each assistant turn with calls of the client.
  package static func restore(
    _ request: ChatRequest, from memory: any TurnMemory, scope: String
  ) async -> [Conversation.RestoredTurn] {
    guard let messages = request["messages"], messages.raw.contains("\"tool_call_id\"") else {
      return []
    }
    var turns: [Conversation.RestoredTurn] = []
    var lookups = 0
    for (index, message) in Array(messages.elements.enumerated()).reversed() {
      guard let calls = message["tool_calls"], calls.kind == .array else { continue }
      let ids = calls.elements.compactMap { $0["id"]?.string }
      guard !ids.isEmpty, lookups < limit else { continue }
      lookups += 1
      if let turn = await memory.recall(scope: scope, callIDs: ids) {
        turns.append(Conversation.RestoredTurn(message: index, turn: turn))
      }
    }
    return turns
  }
}
