package import Resilience

/// When providers that fail are left alone, and for how long.
package struct CircuitBreakerConfiguration: Sendable, Hashable {
  /// Whether there are breakers at all; default true.
  package var enabled = true
  /// Whether, where everyone who could answer is kept from it, the one nearest to its trial is asked
  /// all the same; default true.
  package var lastResort = true
  /// Changes to the defaults, in the file's order: a later one beats an earlier one.
  package var rules: [BreakerRule] = []
  /// `CIRCUIT_BREAKER_FAILURE_THRESHOLD`: beats the rules.
  package var failureThreshold: Int?
  /// `CIRCUIT_BREAKER_TIMEOUT_MS`: beats the rules.
  package var openTime: Duration?

  /// The defaults.
  package init() {}

  /// The settings of a breaker.
  /// - Parameter callLimit: the longest time that one call may take: as long as a trial may run.
  package func settings(for key: BreakerKey, callLimit: Duration) -> BreakerSettings {
    var settings = key.kind == .chat ? BreakerSettings.chat : BreakerSettings()
    settings.trialLease = callLimit + .seconds(5)
    let rules = rules.filter { $0.subject.covers(key) }
    for rule in rules { rule.apply(to: &settings) }
    // At last, so that they hold too where a later rule turns on what they belong to.
    if let rate = rules.compactMap(\.slowRate).last { settings.slowCalls?.share.rate = rate }
    if let calls = rules.compactMap(\.minimumCalls).last {
      settings.failureRate?.minimumCalls = calls
      settings.slowCalls?.share.minimumCalls = calls
    }
    if let failureThreshold {
      if key.kind == .chat {
        settings.consecutiveFailures = failureThreshold
      } else {
        settings.failureCount = failureThreshold
      }
    }
    if let openTime {
      settings.openTime = openTime
      settings.openTimeCap = max(openTime, settings.openTimeCap)
    }
    return settings.clamped()
  }
}

/// Settings for some of the breakers; those that are nil are left as they are.
package struct BreakerRule: Sendable, Hashable {
  /// Which breakers it is for.
  package var subject: BreakerSubject
  package var failures: Switchable<Int>?
  package var consecutiveFailures: Switchable<Int>?
  package var window: Duration?
  package var failureRate: Switchable<Double>?
  package var minimumCalls: Int?
  package var slowCall: Switchable<Duration>?
  package var slowRate: Double?
  package var openTime: Duration?
  package var openTimeCap: Duration?
  package var growth: Double?
  package var jitter: Double?
  package var trialLease: Duration?
  package var coolDown: Duration?
  package var coolDownCap: Duration?
  package var badKeyTime: Duration?
  package var noCreditTime: Duration?

  /// A rule that changes nothing yet.
  package init(_ subject: BreakerSubject) { self.subject = subject }

  func apply(to settings: inout BreakerSettings) {
    if let failures { settings.failureCount = failures.value }
    if let consecutiveFailures { settings.consecutiveFailures = consecutiveFailures.value }
    if let window { settings.window = window }
    if let failureRate {
      settings.failureRate = failureRate.value.map { rate in
        RateRule(rate: rate, minimumCalls: settings.failureRate?.minimumCalls ?? 20)
      }
    }
    if let slowCall {
      settings.slowCalls = slowCall.value.map { threshold in
        SlowCallRule(threshold: threshold, share: settings.slowCalls?.share ?? RateRule())
      }
    }
    if let openTime {
      settings.openTime = openTime
      settings.openTimeCap = max(settings.openTimeCap, openTime)
    }
    if let openTimeCap { settings.openTimeCap = openTimeCap }
    if let growth { settings.openTimeGrowth = growth }
    if let jitter { settings.openTimeJitter = jitter }
    if let trialLease { settings.trialLease = trialLease }
    if let coolDown { settings.coolDown = coolDown }
    if let coolDownCap { settings.coolDownCap = coolDownCap }
    if let badKeyTime { settings.badKeyTime = badKeyTime }
    if let noCreditTime { settings.noCreditTime = noCreditTime }
  }
}

/// A value, or none on purpose.
package enum Switchable<Value: Sendable & Hashable>: Sendable, Hashable {
  case off
  case on(Value)

  /// The value; nil where it is off.
  package var value: Value? {
    if case .on(let value) = self { value } else { nil }
  }
}

/// Some of the breakers: `image`, `chat/openai`, `image/openai/dall-e-3`; `*` is any model.
package struct BreakerSubject: Sendable, Hashable {
  package var kind: BreakerKey.Kind
  package var provider: String?
  package var model: String?

  /// The subject that a text names: a kind, and maybe a provider and a model of it; nil for others.
  package init?(parsing text: String) {
    let parts = text.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
    guard let first = parts.first, let kind = BreakerKey.Kind(rawValue: String(first)),
      parts.allSatisfy({ !$0.isEmpty })
    else { return nil }
    self.kind = kind
    provider = parts.count > 1 ? String(parts[1]) : nil
    model = parts.count > 2 ? String(parts[2]) : nil
  }

  func covers(_ key: BreakerKey) -> Bool {
    kind == key.kind && provider ?? key.provider == key.provider
      && (model == nil || model == "*" || model == key.model)
  }
}
