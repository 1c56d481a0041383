internal import EventLoop

/// Sets the clock of a store by that of its server, and follows that where somebody sets it:
/// gateways that connected before and after would go by different times else. Loop-bound.
final class RedisClock {
  private let clock: SharedClock
  /// The server's time less the monotonic one, in milliseconds.
  private var offset: Int64

  /// A server's clock is never quite the same twice: what is less is no step of it.
  private static let smallestStep: Int64 = 1000
  /// An answer that took longer says too little of the time. In nanoseconds.
  private static let longestAnswer: UInt64 = 500_000_000

  /// Sets a clock by the server's.
  init(_ clock: SharedClock, by connection: RedisConnection) async throws(StateError) {
    let sent = EventLoop.nanoseconds
    let reply = try await connection.call("TIME")
    if case .error(let text) = reply { throw RedisFault(text).error }
    guard let offset = Self.offset(reply, sent: sent) else {
      throw StateError(.malformed, "the server does not tell its time")
    }
    self.clock = clock
    self.offset = offset
    clock.set(to: offset + Self.milliseconds(EventLoop.nanoseconds))
  }

  /// Looks whether the server's clock has been set since it was looked at last.
  /// - Parameter stepped: called where it has, after the clock was moved along.
  func check(by connection: RedisConnection, _ stepped: @escaping () -> Void) {
    let sent = EventLoop.nanoseconds
    connection.send([Array("TIME".utf8)]) { [self] result in
      guard case .success(let reply) = result, EventLoop.nanoseconds - sent < Self.longestAnswer,
        let new = Self.offset(reply, sent: sent), abs(new - offset) >= Self.smallestStep
      else { return }
      clock.set(to: clock.now + new - offset)
      offset = new
      stepped()
    }
  }

  /// Reads the answer to `TIME`: seconds since 1970, and microseconds.
  private static func offset(_ reply: RedisReply, sent: UInt64) -> Int64? {
    guard let parts = reply.elements, parts.count == 2, let seconds = parts[0].integer,
      let micros = parts[1].integer, (0..<1 << 40).contains(seconds),
      (0..<1_000_000).contains(micros)
    else { return nil }
    let halfWay = sent + (EventLoop.nanoseconds - sent) / 2
    return seconds * 1000 + micros / 1000 - milliseconds(halfWay)
  }

  private static func milliseconds(_ nanoseconds: UInt64) -> Int64 {
    Int64(nanoseconds / 1_000_000)
  }
}
