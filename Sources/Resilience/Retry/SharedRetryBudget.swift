internal import EventLoop
internal import Synchronization

/// A budget of retries that all loops share: the few a second that nothing pays for are as many as
/// the operator has said, however many loops there are.
package final class SharedRetryBudget: Sendable {
  private let budget: Mutex<RetryBudget>
  private let now: @Sendable () -> Int64

  /// A budget as in `RetryBudget`.
  /// - Parameter now: the time in milliseconds, the same for all loops; never goes back.
  package init(
    ratio: Double, floorPerSecond: Int,
    now: @escaping @Sendable () -> Int64 = { Int64(EventLoop.nanoseconds / 1_000_000) }
  ) {
    self.now = now
    budget = Mutex(RetryBudget(ratio: ratio, floorPerSecond: floorPerSecond, now: now()))
  }

  /// Pays in for a request that a client made; not for its retries.
  package func addRequest() {
    // The time is read behind the lock, so that no loop comes with one that is over.
    budget.withLock { $0.addRequest(now: now()) }
  }

  /// Takes a retry out of the budget, if there is one.
  package func takeRetry() -> Bool {
    budget.withLock { $0.takeRetry(now: now()) }
  }
}
