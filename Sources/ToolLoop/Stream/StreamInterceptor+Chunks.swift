internal import OpenAIWire

extension StreamInterceptor {
  /// Takes a chunk that has to be looked at.
  mutating func take(
    _ chunk: JSONSlice, _ frame: SSEFrame, into out: inout [UInt8]
  ) throws(Fault) {
    guard chunk.kind == .object else { throw .malformed("an event of the upstream is no object") }
    if let error = chunk["error"], !error.isNull, error.kind != .false {
      // Before the first chunk it can still become a status, and amid the gateway's own work there
      // is nobody else to end the answer.
      guard hasChunks, !hasOwnCalls else { throw .upstreamError(Array(chunk.raw)) }
      hasFailed = true
      releaseHeld(into: &out)
      out.append(contentsOf: frame.raw)
      return
    }
    hasChunks = true
    if identity == nil, chunk["choices"] != nil { identity = StreamIdentity(of: chunk) }
    var edits = JSONSplice(chunk.bytes)
    if continues { assumeIdentity(chunk, &edits) }
    let usage = chunk["usage"].flatMap { $0.kind == .object ? $0 : nil }
    if let usage {
      self.usage = Array(usage.raw)
      if continues { edits.replace(usage, with: usageBefore.adding(Array(usage.raw))) }
    }
    guard let choice = chunk["choices"]?.elements.first(where: { ($0["index"]?.int ?? 0) == 0 })
    else {
      return try takeWithoutChoice(chunk, frame, edits, hasUsage: usage != nil, into: &out)
    }
    // Some servers send an empty text where there is none.
    let reason = choice["finish_reason"].flatMap { $0.isNull || $0.isString("") ? nil : $0 }
    if let reason { finishReason = reason.string ?? "stop" }
    let hadOwnCalls = hasOwnCalls
    var rest = Rest()
    if let delta = choice["delta"], delta.kind == .object {
      noteText(delta["content"])
      rest = try takeDelta(delta, &edits)
    }
    if reason != nil { settleCalls() }
    try emit(chunk, frame, edits, rest, reason: reason, hadOwnCalls: hadOwnCalls, into: &out)
  }

  /// What of a delta is the client's.
  struct Rest {
    /// Whether anything is left that a client would miss.
    var hasContent = false
    /// Whether calls were taken out of it.
    var lostCalls = false
  }

  private mutating func emit(
    _ chunk: JSONSlice, _ frame: SSEFrame, _ edits: JSONSplice, _ rest: Rest, reason: JSONSlice?,
    hadOwnCalls: Bool, into out: inout [UInt8]
  ) throws(Fault) {
    var edits = edits
    if hasOwnCalls {
      // The turn ends with the gateway's work, so an end that the client would believe is held
      // back, also one that came before the call.
      if heldFinish != nil { heldFinish = nil }
      if let reason { edits.replace(reason, with: Array("null".utf8)) }
      if rest.hasContent { out.append(contentsOf: try rewritten(frame, edits)) }
      return
    }
    // A later round may begin with a delta that says nothing new.
    if continues && reason == nil && !rest.hasContent && chunk["usage"]?.kind != .object { return }
    let bytes = try rewritten(frame, edits)
    releaseHeld(into: &out)
    if reason != nil { heldFinish = bytes } else { out.append(contentsOf: bytes) }
  }

  private mutating func takeWithoutChoice(
    _ chunk: JSONSlice, _ frame: SSEFrame, _ edits: JSONSplice, hasUsage: Bool,
    into out: inout [UInt8]
  ) throws(Fault) {
    let bytes = try rewritten(frame, edits)
    if hasUsage && hasOwnCalls {
      heldUsage = bytes
      return
    }
    if !hasOwnCalls { releaseHeld(into: &out) }
    if hasUsage { hasSentUsage = true }
    out.append(contentsOf: bytes)
  }

  private mutating func noteText(_ content: JSONSlice?) {
    guard let content, content.kind == .string, text.count < limits.text else { return }
    text.append(contentsOf: content.raw.dropFirst().dropLast())
  }

  /// The event with its edits, or as it came where there is none.
  private func rewritten(
    _ frame: SSEFrame, _ edits: JSONSplice
  ) throws(Fault) -> [UInt8] {
    guard !edits.isEmpty else { return Array(frame.raw) }
    do throws(JSONSpliceError) {
      return SSEWriter.event(data: try edits.apply())
    } catch {
      throw .malformed("an event of the upstream cannot be edited")
    }
  }

  /// Gives a chunk of a later round the identity of the first one, and takes a second role away.
  private mutating func assumeIdentity(_ chunk: JSONSlice, _ edits: inout JSONSplice) {
    guard let identity else { return }
    for key in StreamIdentity.keys where key != "object" {
      if let value = chunk[key], let own = identity.value(key) { edits.replace(value, with: own) }
    }
  }

  // MARK: Deltas

  private mutating func takeDelta(
    _ delta: JSONSlice, _ edits: inout JSONSplice
  ) throws(Fault) -> Rest {
    var rest = Rest()
    var callEntry: JSONMember?
    for member in delta.entries {
      let value = JSONSlice(member, in: delta.bytes)
      if member.isNamed("tool_calls", in: delta.bytes) {
        if value.kind == .array { callEntry = member }
      } else if member.isNamed("role", in: delta.bytes) {
        if continues && hasSentRole { edits.delete(member) } else { rest.hasContent = true }
        hasSentRole = true
      } else if !value.isNull && !value.isString("") {
        rest.hasContent = true
      }
    }
    guard let callEntry else { return rest }
    let list = JSONSlice(callEntry, in: delta.bytes)
    var kept = 0
    var removed: [JSONSlice] = []
    for entry in list.elements {
      switch try takeCall(entry) {
      case .withhold: removed.append(entry)
      case .release(let index):
        kept += 1
        renumber(entry, index, &edits)
      case .replace(let whole):
        kept += 1
        edits.replace(entry, with: whole)
      }
    }
    if kept == 0 {
      if !removed.isEmpty {
        edits.delete(callEntry)
        rest.lostCalls = true
      }
    } else {
      rest.hasContent = true
      for entry in removed { edits.delete(element: entry) }
    }
    return rest
  }

  private func renumber(_ entry: JSONSlice, _ index: Int, _ edits: inout JSONSplice) {
    let digits = Array(String(index).utf8)
    guard let old = entry["index"] else {
      return edits.append(key: "index", value: digits, to: entry)
    }
    if old.int != index { edits.replace(old, with: digits) }
  }
}
