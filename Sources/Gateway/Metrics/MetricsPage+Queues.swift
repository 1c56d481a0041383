internal import Chat
internal import Observability
internal import Resilience

/// What is under way at the upstreams that may have only so much, and what waits for its turn.
extension MetricsPage {
  func queues(_ writer: inout MetricsWriter) {
    let queues = shared.directory.upstreams.filter { $0.concurrency != nil }
      .sorted { $0.name < $1.name }
      .compactMap { upstream in
        let target = UpstreamTarget(upstream: PreparedUpstream(upstream), model: "")
        return shared.upstreamLimits[target].map { (name: upstream.name, limit: $0) }
      }
    let loads = queues.map { (name: $0.name, load: $0.limit.load) }
    writer.family(
      "easel_upstream_in_flight", .gauge,
      "Requests under way at an upstream whose concurrency is limited")
    for (name, load) in loads { writer.sample([("upstream", name)], load.used) }
    writer.family(
      "easel_upstream_waiting", .gauge, "Requests that wait for their turn at such an upstream")
    for (name, load) in loads { writer.sample([("upstream", name)], load.waiting) }
    writer.family(
      "easel_upstream_queue_refusals", .counter,
      "Requests that got no turn there: queue_full, or timed_out")
    for (name, limit) in queues {
      let refusals = limit.refusals
      writer.sample([("upstream", name), ("reason", "queue_full")], refusals.queueFull)
      writer.sample([("upstream", name), ("reason", "timed_out")], refusals.timedOut)
    }
  }
}
