internal import Resilience

/// How many repetitions each upstream may get. Shared by all loops.
package struct UpstreamBudgets: Sendable {
  private let budgets: [String: SharedRetryBudget]

  /// A budget for each upstream.
  package init(_ upstreams: [ChatUpstream], _ policy: RetryPolicy) {
    var budgets: [String: SharedRetryBudget] = [:]
    for upstream in upstreams {
      budgets[upstream.name] = SharedRetryBudget(
        ratio: policy.budget, floorPerSecond: policy.floor)
    }
    self.budgets = budgets
  }

  subscript(target: UpstreamTarget) -> SharedRetryBudget? { budgets[target.upstream.name] }
}
