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
    guard let messages = request[.messages], messages.raw.contains("\"tool_call_id\"") else {
      return []
    }
    var found: [(message: Int, callIDs: [String])] = []
    for (index, message) in Array(messages.elements.enumerated()).reversed()
    where found.count < limit {
      guard let calls = message["tool_calls"], calls.kind == .array else { continue }
      let ids = calls.elements.compactMap { $0["id"]?.string }
      if !ids.isEmpty { found.append((index, ids)) }
    }
    let turns = await memory.recall(scope: scope, turns: found.map(\.callIDs))
    return zip(found, turns).compactMap { found, turn in
      turn.map { Conversation.RestoredTurn(message: found.message, turn: $0) }
    }
  }
}
