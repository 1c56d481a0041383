internal import EventLoop
internal import HTTP

/// Sends an answer, with what goes wrong on the way. Loop-bound.
struct SimulatorReply {
  let exchange: Exchange
  let fault: SimulatorFault?
  let pace: Duration

  /// Does what a fault has in place of an answer.
  /// - Parameter provider: who counts the request as one that is charged for, where nobody gets its
  ///   answer.
  /// - Returns: whether the answer is over.
  func failEarly(_ state: SimulatorState, provider: String) async throws -> Bool {
    guard let fault else { return false }
    func accept() { state.acceptJob(provider) }
    if fault.accepts && fault.replacesAnswer { accept() }
    if fault.delay > .zero {
      do { try await exchange.loop.sleep(for: fault.delay) } catch {
        if fault.accepts && !fault.replacesAnswer { accept() }
        throw error
      }
    }
    if fault.isHeld { await state.waitForRelease(on: exchange.loop) }
    if fault.hangs { try await exchange.loop.sleep(for: .seconds(3600)) }
    if let count = fault.giantBytes {
      let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 64 * 1024)
      exchange.start(200, ["content-type": fault.contentType ?? "application/json"])
      for _ in 0...(count / piece.count) { try await exchange.write(piece) }
      exchange.finish()
      return true
    }
    if fault.resets {
      exchange.abort()
      return true
    }
    guard let status = fault.status else { return false }
    var headers: HeaderFields = ["content-type": fault.contentType ?? "application/json"]
    if let retryAfter = fault.retryAfter { headers.append("retry-after", retryAfter, orDrop: ()) }
    if let word = fault.shouldRetry { headers.append("x-should-retry", word, orDrop: ()) }
    exchange.respond(status, headers, Array((fault.body ?? "{}").utf8))
    return true
  }

  @discardableResult
  func respond(_ status: Int, _ type: String, _ body: [UInt8]) -> Bool {
    exchange.respond(status, ["content-type": type], body)
    return true
  }

  /// Sends a body in one piece.
  func send(_ body: [UInt8], type: String, status: Int = 200) async throws {
    guard fault?.resetAfter != nil || fault?.cutAfter != nil else {
      respond(status, fault?.contentType ?? type, body)
      return
    }
    exchange.start(status, ["content-type": fault?.contentType ?? type])
    if try await write(body, from: 0) != nil { exchange.finish() }
  }

  /// Sends a stream.
  func stream(_ events: [[UInt8]]) async throws {
    exchange.start(
      200, ["content-type": fault?.contentType ?? "text/event-stream", "cache-control": "no-cache"])
    var sent = 0
    for event in events {
      guard let total = try await write(event, from: sent) else { return }
      sent = total
      let pace = fault?.pace ?? pace
      if pace > .zero { try await exchange.loop.sleep(for: pace) }
      try Task.checkCancellation()
    }
    if fault?.lingers == true { try await exchange.loop.sleep(for: .seconds(3600)) }
    exchange.finish()
  }

  /// - Returns: the bytes sent so far; nil where the answer is over.
  private func write(_ bytes: [UInt8], from sent: Int) async throws -> Int? {
    let total = sent + bytes.count
    if let limit = fault?.resetAfter, total > limit {
      try await exchange.write(Array(bytes.prefix(limit - sent)))
      exchange.abort()
      return nil
    }
    if let limit = fault?.cutAfter, total > limit {
      try await exchange.write(Array(bytes.prefix(limit - sent)))
      exchange.finish()
      return nil
    }
    if fault?.splitsEveryByte == true {
      for byte in bytes {
        try await exchange.write([byte])
        await Task.yield()
      }
    } else {
      try await exchange.write(bytes)
    }
    return total
  }
}
