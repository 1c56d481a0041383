/// Finds the providers whose calls of the last five minutes went far worse than those of others, from
/// what clients asked of them anyway: one that fails too seldom for its breaker, or is slow where
/// slowness opens nothing, shows by its difference.
///
/// It only tells: what keeps calls away is the breaker's to say.
package struct OutlierRule: Sendable, Hashable {
  /// Calls below which nothing is said of a provider or a model, and they are no peers of others.
  package var minimumCalls = 10
  /// How far below the median of its peers a provider's share of successes is, at least: 0 to 1.
  package var successGap = 0.2
  /// How many times the median of its peers a model's median time is, at least.
  package var latencyFactor = 3.0
  /// By how many milliseconds it is above that, at least: what is quick is soon a multiple.
  package var latencyGap: Int64 = 100

  /// The defaults that each property names.
  package init() {}

  /// A provider, for one kind of calls.
  package struct Provider: Sendable, Hashable {
    package let kind: BreakerKey.Kind
    package let name: String

    /// A provider.
    package init(_ kind: BreakerKey.Kind, _ name: String) {
      self.kind = kind
      self.name = name
    }
  }

  /// In what a provider differs; the raw values are for metrics and the health page.
  package enum Reason: String, Sendable, Hashable, CaseIterable {
    /// Its calls fail more often than those of the other providers of its kind.
    case failures
    /// A model takes longer than the same model at other providers.
    case latency
  }

  /// A difference, and what it is measured by: shares of successes (0 to 1), or milliseconds.
  package struct Outlier: Sendable, Hashable {
    package let reason: Reason
    /// The model, where the difference is one model's.
    package let model: String?
    package let own: Double
    /// The median of its peers.
    package let peers: Double
  }

  /// Who differs, and in what: failures first, then models by name.
  package func outliers(
    among calls: [BreakerKey: LatencySummary]
  ) -> [Provider: [Outlier]] {
    var result = failing(calls)
    for (provider, slow) in slow(calls) { result[provider, default: []] += slow }
    return result
  }

  private func failing(_ calls: [BreakerKey: LatencySummary]) -> [Provider: [Outlier]] {
    var sums: [Provider: (successes: Int, calls: Int)] = [:]
    for (key, summary) in calls {
      let sum = sums[Provider(key.kind, key.provider), default: (0, 0)]
      sums[Provider(key.kind, key.provider)] = (
        sum.successes + summary.successes, sum.calls + summary.calls
      )
    }
    let rates = sums.filter { $0.value.calls >= minimumCalls }
      .mapValues { Double($0.successes) / Double($0.calls) }
    return rates.reduce(into: [:]) { result, entry in
      let (provider, own) = entry
      let others = rates.filter { $0.key.kind == provider.kind && $0.key != provider }
      guard let peers = Self.median(Array(others.values)), peers - own >= successGap else { return }
      result[provider] = [Outlier(reason: .failures, model: nil, own: own, peers: peers)]
    }
  }

  private func slow(_ calls: [BreakerKey: LatencySummary]) -> [Provider: [Outlier]] {
    // What nobody has listed is of many models, which take their own times.
    let known = calls.filter { $0.key.model != "*" && $0.value.successes >= minimumCalls }
    let models = Dictionary(grouping: known) { "\($0.key.kind.rawValue)/\($0.key.model)" }
    var result: [Provider: [Outlier]] = [:]
    for (_, group) in models.sorted(by: { $0.key < $1.key }) {
      for (key, summary) in group {
        let others = group.filter { $0.key != key }.compactMap { $0.value.p50.map(Double.init) }
        guard let own = summary.p50.map(Double.init), let peers = Self.median(others),
          own >= peers * latencyFactor, own - peers >= Double(latencyGap)
        else { continue }
        result[Provider(key.kind, key.provider), default: []].append(
          Outlier(reason: .latency, model: key.model, own: own, peers: peers))
      }
    }
    return result
  }

  /// The middle one; of two the lower, so that two are no worse than the better of them says.
  private static func median(_ values: [Double]) -> Double? {
    values.isEmpty ? nil : values.sorted()[(values.count - 1) / 2]
  }
}
