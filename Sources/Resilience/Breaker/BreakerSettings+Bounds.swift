extension BreakerSettings {
  /// No state outlasts this, whatever the settings, a provider or a stored snapshot says.
  package static let longestState: Duration = .seconds(86_400)

  /// The same settings with each value moved into its bounds: counts 1 to 1,000,000, buckets 10 to
  /// 120, rates 0.01 to 1, jitter 0 to 0.5, growth 1 to 10, window 1 s to a day, open time 0.1 s
  /// to a day and not above its cap, lease 0.1 s to an hour, the other states up to a day.
  package func clamped() -> BreakerSettings {
    var result = self
    result.failureCount = failureCount.map { $0.clamped(to: 1...1_000_000) }
    result.consecutiveFailures = consecutiveFailures.map { $0.clamped(to: 1...1_000_000) }
    result.window = window.clamped(to: .seconds(1)...Self.longestState)
    result.windowBuckets = windowBuckets.clamped(to: 10...120)
    result.failureRate = failureRate?.clamped()
    result.slowCalls = slowCalls?.clamped()
    result.openTime = openTime.clamped(to: .milliseconds(100)...Self.longestState)
    result.openTimeCap = openTimeCap.clamped(to: result.openTime...Self.longestState)
    result.openTimeGrowth = openTimeGrowth.finite(or: 2).clamped(to: 1...10)
    result.openTimeJitter = openTimeJitter.finite(or: 0.2).clamped(to: 0...0.5)
    result.trialLease = trialLease.clamped(to: .milliseconds(100)...(.seconds(3600)))
    result.coolDown = coolDown.clamped(to: .zero...Self.longestState)
    result.coolDownCap = coolDownCap.clamped(to: .zero...Self.longestState)
    result.badKeyTime = badKeyTime.clamped(to: .zero...Self.longestState)
    result.noCreditTime = noCreditTime.clamped(to: .zero...Self.longestState)
    return result
  }
}

extension BreakerSettings {
  /// Why so many failures within one window open a breaker; nil where they don't.
  func reasonToOpen(failures counts: CallCounts) -> Transition.Reason? {
    if let limit = failureCount, counts.failures >= limit { return .failureCount }
    // Where none has succeeded within the window they are all in a row, whoever made them.
    if let limit = consecutiveFailures, counts.failures >= limit, counts.failures == counts.calls {
      return .consecutiveFailures
    }
    if let rule = failureRate, rule.applies(to: counts.failures, of: counts.calls) {
      return .failureRate
    }
    return nil
  }

  /// Why so many slow calls within one window open a breaker; nil where they don't.
  func reasonToOpen(slow counts: CallCounts) -> Transition.Reason? {
    guard let rule = slowCalls, rule.share.applies(to: counts.slow, of: counts.calls) else {
      return nil
    }
    return .slowCalls
  }

  /// Whether it matters how many calls succeed.
  var looksAtSuccesses: Bool {
    failureRate != nil || slowCalls != nil || consecutiveFailures != nil
  }
}

extension RateRule {
  func clamped() -> RateRule {
    RateRule(
      rate: rate.finite(or: 1).clamped(to: 0.01...1),
      minimumCalls: minimumCalls.clamped(to: 1...1_000_000))
  }

  func applies(to part: Int, of calls: Int) -> Bool {
    calls >= minimumCalls && Double(part) >= rate * Double(calls)
  }
}

extension SlowCallRule {
  func clamped() -> SlowCallRule {
    SlowCallRule(
      threshold: threshold.clamped(to: .milliseconds(1)...BreakerSettings.longestState),
      share: share.clamped())
  }
}

extension Comparable {
  func clamped(to bounds: ClosedRange<Self>) -> Self {
    min(max(self, bounds.lowerBound), bounds.upperBound)
  }
}

extension Double {
  func finite(or other: Double) -> Double { isFinite ? self : other }
}

extension Duration {
  /// Whole milliseconds; for durations of at most a few days.
  var milliseconds: Int64 {
    let (seconds, attoseconds) = components
    return seconds * 1000 + attoseconds / 1_000_000_000_000_000
  }
}
