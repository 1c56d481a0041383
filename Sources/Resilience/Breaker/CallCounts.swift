/// How many calls there were in a span of time, and how they went.
package struct CallCounts: Sendable, Hashable {
  /// All that succeeded or failed.
  package var calls = 0
  /// Of those, the ones that failed.
  package var failures = 0
  /// Of those, the ones that succeeded too slowly.
  package var slow = 0

  /// None, unless said otherwise.
  package init(calls: Int = 0, failures: Int = 0, slow: Int = 0) {
    self.calls = calls
    self.failures = failures
    self.slow = slow
  }

  static func += (left: inout CallCounts, right: CallCounts) {
    left.calls += right.calls
    left.failures += right.failures
    left.slow += right.slow
  }
}
