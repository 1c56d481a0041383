internal import EventLoop
internal import Observability

/// How late the timers of a loop are. Loop-bound.
///
/// Apart from what else a loop counts: its timer knows it by a weak reference, and whatever has one of
/// those is dearer to hold, which each request would feel.
final class LoopLag {
  /// Of the loop.
  let index: Int
  /// How late its timers were.
  private(set) var durations = DurationHistogram()
  private static let interval = Duration.milliseconds(500)

  /// Watches a loop for as long as anybody holds this.
  init(of loop: EventLoop) {
    index = loop.index
    var due = EventLoop.nanoseconds
    var timer: LoopTimer?
    timer = loop.schedule(after: Self.interval, repeating: Self.interval) { [weak self] in
      guard let self else {
        timer?.cancel()
        return timer = nil
      }
      let now = EventLoop.nanoseconds
      let expected = due + 500_000_000
      durations.add(.nanoseconds(now > expected ? now - expected : 0))
      due = now
    }
  }
}
