internal import EventLoop
internal import Synchronization

/// Milliseconds since 1970 as all gateways that share a store count them, whatever their own clocks
/// say: a monotonic clock, set by the store's.
package final class SharedClock: Sendable {
  private let offset: Atomic<Int64>
  private let initial: Int64

  /// A clock that begins at the machine's own time.
  package init() {
    initial = WallClock.milliseconds - Self.monotonic
    offset = Atomic(initial)
  }

  /// The time. As cheap as reading the machine's clock.
  package var now: Int64 { Self.monotonic + offset.load(ordering: .relaxed) }

  /// By how many milliseconds the clock has been moved since it began.
  package var shift: Int64 { offset.load(ordering: .relaxed) - initial }

  /// Sets the clock by the store's.
  /// - Returns: by how many milliseconds it was changed.
  @discardableResult
  package func set(to time: Int64) -> Int64 {
    let new = time - Self.monotonic
    return new - offset.exchange(new, ordering: .relaxed)
  }

  private static var monotonic: Int64 { Int64(EventLoop.nanoseconds / 1_000_000) }
}
