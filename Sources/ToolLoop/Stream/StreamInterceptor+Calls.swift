internal import OpenAIWire

/// Puts calls together from their entries, whatever a server makes of indexes and ids.
extension StreamInterceptor {
  enum Verdict {
    /// The entry is the gateway's, or it is not known yet whose it is.
    case withhold
    /// The entry is the client's.
    case release(index: Int)
    /// The entry is the client's, and so is what was withheld of the same call: all of it, as one.
    case replace([UInt8])
  }

  mutating func takeCall(_ entry: JSONSlice) throws(Fault) -> Verdict {
    let function = entry["function"]
    let piece = Self.piece(function?["arguments"])
    let position = try locate(entry, piece)
    // What comes of a call that runs already changes nothing: as a rule a line end, or all of the
    // call once more.
    if calls[position].isStarted { return .withhold }
    if calls[position].id.isEmpty, let id = entry["id"]?.string { calls[position].id = id }
    if calls[position].name.isEmpty, let name = function?["name"]?.string, !name.isEmpty {
      calls[position].name = name
      calls[position].isOwn = ownTools.contains(name)
      if calls[position].isOwn == false {
        calls[position].clientIndex = clientCallCount
        clientCallCount += 1
      }
    }
    if calls[position].isOwn == true, repeats(calls[position], entry, piece) { return .withhold }
    try addArguments(piece, to: position)
    let hasHeld = calls[position].heldEntries > 0
    if calls[position].isOwn != false || hasHeld { try addOthers(entry, to: position) }
    switch calls[position].isOwn {
    case true?: return .withhold
    case false?:
      let index = calls[position].clientIndex ?? 0
      guard hasHeld else { return .release(index: index) }
      calls[position].heldEntries = 0
      return .replace(calls[position].entry(index: index))
    case nil:
      calls[position].heldEntries += 1
      guard calls[position].heldEntries <= 64 else {
        throw .malformed("the upstream's tool call has no name")
      }
      return .withhold
    }
  }

  /// By the specification arguments are text that holds JSON; some servers send the object itself.
  private static func piece(_ arguments: JSONSlice?) -> [UInt8] {
    guard let arguments, !arguments.isNull else { return [] }
    return arguments.kind == .string ? arguments.stringBytes ?? [] : Array(arguments.raw)
  }

  /// Whether an entry is all of a call once more, as some servers send it behind the pieces.
  private func repeats(_ call: PartialCall, _ entry: JSONSlice, _ piece: [UInt8]) -> Bool {
    !piece.isEmpty && piece == call.arguments && entry["id"]?.isString(call.id) == true
      && call.isComplete
  }

  /// Finds the call that an entry belongs to, or begins a new one. Some servers give every call the
  /// index 0, or none, and tell calls apart by their ids; others repeat the id, or send an empty one:
  /// then a name with arguments, after arguments that are whole, is another call.
  private mutating func locate(_ entry: JSONSlice, _ piece: [UInt8]) throws(Fault) -> Int {
    let id = entry["id"]?.string ?? ""
    let index = entry["index"]?.int
    let isNamed = entry["function"]?["name"]?.string?.isEmpty == false
    func mayGoOn(_ call: PartialCall) -> Bool {
      if let index, call.index != index { return false }
      if isNamed && call.id == id && call.isOver(before: piece) {
        return !id.isEmpty && piece == call.arguments
      }
      return !isNamed || id.isEmpty || call.id.isEmpty || call.id == id
    }
    // Pieces of calls that are written side by side come in any order.
    if !id.isEmpty, let position = calls.lastIndex(where: { $0.id == id && mayGoOn($0) }) {
      return position
    }
    if let position = calls.lastIndex(where: mayGoOn) { return position }
    guard calls.count < limits.calls else {
      throw .tooLarge("the upstream makes more than \(limits.calls) tool calls in one turn")
    }
    var call = PartialCall(index: index ?? calls.count, number: callsBefore + calls.count)
    call.sharesID = !id.isEmpty && calls.contains { $0.id == id }
    calls.append(call)
    // Of the calls before it, those that are whole are complete: a new one has begun.
    startCalls(before: calls.count - 1)
    return calls.count - 1
  }

  private mutating func addArguments(_ piece: [UInt8], to position: Int) throws(Fault) {
    let count = calls[position].arguments.count + piece.count
    guard count <= limits.arguments || calls[position].isOwn == false else {
      throw .tooLarge("the arguments of a tool call are larger than \(limits.arguments) bytes")
    }
    if count <= limits.arguments * 16 { calls[position].arguments += piece }
  }

  private mutating func addOthers(_ entry: JSONSlice, to position: Int) throws(Fault) {
    var size = calls[position].others.reduce(0) { $0 + $1.key.utf8.count + $1.value.count }
    for (key, value) in entry.otherCallMembers
    where !calls[position].others.contains(where: { $0.key == key }) {
      size += key.utf8.count + value.raw.count
      guard size <= limits.arguments else {
        throw .tooLarge("a tool call is larger than \(limits.arguments) bytes")
      }
      calls[position].others.append((key, Array(value.raw)))
    }
  }
}
