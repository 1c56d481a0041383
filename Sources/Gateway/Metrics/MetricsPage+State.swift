internal import Observability
internal import Resilience
internal import State

/// What is to be known of the store of shared state.
extension MetricsPage {
  func state(_ writer: inout MetricsWriter) {
    let store = shared.resilience.store
    let counts = store.statistics.counts
    writer.family(
      "easel_state_available", .gauge,
      "Whether the store of shared state is there and takes what it is told")
    writer.value(shared.resilience.board.hasStore ? 1 : 0)
    writer.family(
      "easel_state_operation_duration_seconds", .histogram, "How long the store took to answer")
    Self.histogram(counts.durations, sum: counts.seconds, &writer)
    writer.family(
      "easel_state_wait_seconds", .histogram, "How long requests waited for the store")
    Self.histogram(counts.waits, sum: counts.waitingSeconds, &writer)
    let changes = shared.resilience.log.storeChanges
    writer.family(
      "easel_state_changes", .counter, "Times that the store of shared state came or went")
    writer.sample([("to", "available")], changes.available)
    writer.sample([("to", "unavailable")], changes.unavailable)
    writer.family(
      "easel_state_errors", .counter,
      "Operations that the store did not do, and connections to it that were lost or not made")
    var errors = StateError.Kind.allCases.map {
      (kind: $0.rawValue, count: counts.failures[$0, default: 0])
    }
    // While the store is away no operation is tried.
    errors.append((kind: "connection", count: counts.connectionFailures))
    for (kind, count) in errors.sorted(by: { $0.kind < $1.kind }) {
      writer.sample([("kind", kind)], count)
    }
    writer.family("easel_state_reconnects", .counter, "Connections to the store made anew")
    writer.value(counts.reconnects)
  }

  /// - Parameter counts: for each bound of ``StateStatistics``, and all.
  private static func histogram(_ counts: [Int], sum: Double, _ writer: inout MetricsWriter) {
    let buckets = zip(StateStatistics.bounds, counts).map { (bound: $0.0, count: $0.1) }
    writer.histogram(buckets: buckets, count: counts.last ?? 0, sum: sum)
  }
}
