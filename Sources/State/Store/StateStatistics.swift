internal import Synchronization

/// Counts what a store was asked, and how long it took. For metrics.
package final class StateStatistics: Sendable {
  /// What was counted since the start.
  package struct Counts: Sendable, Hashable {
    /// Operations that were answered.
    package var answers = 0
    /// Operations that failed, by the kind of failure.
    package var failures: [StateError.Kind: Int] = [:]
    /// Connections that were lost, or could not be made. While the store is away nothing is asked of it,
    /// so that only this shows how long it has been trying.
    package var connectionFailures = 0
    /// Connections made anew after one was lost.
    package var reconnects = 0
    /// For each bound of ``bounds``, the answered operations that took no longer; then all.
    package var durations = [Int](repeating: 0, count: StateStatistics.bounds.count + 1)
    /// Seconds that the answered operations took together.
    package var seconds = 0.0
    /// The same for the times that requests waited for the store, whether it answered or not.
    package var waits = [Int](repeating: 0, count: StateStatistics.bounds.count + 1)
    /// Seconds that requests waited together.
    package var waitingSeconds = 0.0
  }

  /// Seconds up to which operations are counted. What a request may lose by the store is one of them.
  package static let bounds = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.02, 0.025, 0.05, 0.1, 0.5, 1,
  ]

  private let state = Mutex(Counts())

  package init() {}

  /// What was counted so far.
  package var counts: Counts { state.withLock { $0 } }

  /// Counts an operation that was answered.
  package func answered(after duration: Duration) {
    state.withLock { counts in
      counts.answers += 1
      Self.add(duration, to: &counts.durations, &counts.seconds)
    }
  }

  /// Counts that a request has waited.
  package func waited(for duration: Duration) {
    state.withLock { Self.add(duration, to: &$0.waits, &$0.waitingSeconds) }
  }

  private static func add(
    _ duration: Duration, to durations: inout [Int], _ sum: inout Double
  ) {
    let (whole, attoseconds) = duration.components
    let seconds = Double(whole) + Double(attoseconds) * 1e-18
    sum += seconds
    for (index, bound) in bounds.enumerated() where seconds <= bound { durations[index] += 1 }
    durations[bounds.count] += 1
  }

  /// Counts an operation that failed.
  package func failed(_ kind: StateError.Kind) {
    state.withLock { $0.failures[kind, default: 0] += 1 }
  }

  /// Counts a connection that was lost, or could not be made.
  package func connectionFailed() { state.withLock { $0.connectionFailures += 1 } }

  /// Counts a connection that replaces a lost one.
  package func reconnected() { state.withLock { $0.reconnects += 1 } }
}
