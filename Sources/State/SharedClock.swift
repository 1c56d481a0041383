internal import EventLoop
internal import Synchronization

/// Milliseconds since 1970 as all gateways that share a store count them, whatever their own clocks
/// say: a monotonic clock, set by the store's.
package final class SharedClock: Sendable {
  private let offset: Atomic<Int64>

  /// A clock that begins at the machine's own time.
  package init() {
    offset = Atomic(WallClock.milliseconds - Self.monotonic)
  }

  /// The time. As cheap as reading the machine's clock.
  package var now: Int64 { Self.monotonic + offset.load(ordering: .relaxed) }

  /// Sets the clock by the store's.
  /// - Returns: by how many milliseconds it was changed.
  @discardableResult
  package func set(to time: Int64) -> Int64 {
    let new = time - Self.monotonic
    return new - offset.exchange(new, ordering: .relaxed)
  }

  private static var monotonic: Int64 { Int64(EventLoop.nanoseconds / 1_000_000) }
}
