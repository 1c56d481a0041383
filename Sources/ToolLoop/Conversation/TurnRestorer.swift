package import Chat
internal import OpenAIWire

/// Finds the turns of a conversation that the gateway had a part in.
package enum TurnRestorer {
  /// Turns that a request looks up at most, newest first.
  private static let limit = 16
  /// Calls of such a turn. Models make a few; a turn of more has nothing that is remembered.
  private static let callLimit = 1024

  /// Asks the memory for each assistant turn with calls of the client.
  package static func restore(
    _ request: ChatRequest, from memory: any TurnMemory, scope: String
  ) async -> [Conversation.RestoredTurn] {
    guard let messages = request[.messages], messages.raw.contains("\"tool_call_id\"") else {
      return []
    }
    // The newest of those walked over: messages may be millions, and are not collected.
    var newest: [(message: Int, calls: JSONSlice)] = []
    for (index, message) in messages.elements.enumerated() {
      guard let calls = message["tool_calls"], calls.elements.contains(where: hasID) else {
        continue
      }
      if newest.count == limit { newest.removeFirst() }
      newest.append((index, calls))
    }
    let found = newest.reversed().compactMap { message, calls in
      ids(calls).map { (message: message, callIDs: $0) }
    }
    let turns = await memory.recall(scope: scope, turns: found.map(\.callIDs))
    return zip(found, turns).compactMap { found, turn in
      turn.map { Conversation.RestoredTurn(message: found.message, turn: $0) }
    }
  }

  private static func hasID(_ call: JSONSlice) -> Bool { call["id"]?.kind == .string }

  /// The ids of a turn's calls; nil for more than are looked up.
  private static func ids(_ calls: JSONSlice) -> [String]? {
    var ids: [String] = []
    for call in calls.elements {
      guard let id = call["id"]?.string else { continue }
      guard ids.count < callLimit else { return nil }
      ids.append(id)
    }
    return ids
  }
}
