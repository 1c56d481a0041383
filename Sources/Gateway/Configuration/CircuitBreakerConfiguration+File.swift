internal import Observability
internal import Resilience

/// The keys under `circuit_breaker`.
extension CircuitBreakerConfiguration {
  static let thresholds = 1...1_000_000
  static let openTimes = Duration.milliseconds(100)...Duration.seconds(86_400)

  mutating func read(_ settings: inout SettingsReader) {
    settings.read("enabled", &enabled)
    settings.read("last_resort", &lastResort)
    settings.sections("rules") { rule in
      if let rule = BreakerRule.read(&rule) { rules.append(rule) }
    }
  }
}

extension BreakerRule {
  fileprivate static func read(_ settings: inout SettingsReader) -> BreakerRule? {
    let subject = settings.value("for") { (text) throws(SettingProblem) in
      if let subject = BreakerSubject(parsing: text) { return subject }
      throw SettingProblem(
        "\(Quoted(text)) is neither image, chat, nor one of these with a provider and maybe a "
          + "model, such as image/openai/dall-e-3")
    }
    if !settings.has("for") { settings.fault("for", "is missing; every rule needs it") }
    var rule = BreakerRule(subject ?? BreakerSubject(.image))
    rule.readOpening(&settings)
    rule.readTimes(&settings)
    return subject == nil ? nil : rule
  }

  private mutating func readOpening(_ settings: inout SettingsReader) {
    let counts = CircuitBreakerConfiguration.thresholds
    func count(_ text: String) throws(SettingProblem) -> Int {
      try SettingRule.integer(text, in: counts)
    }
    failures = settings.switchable("failures", count)
    consecutiveFailures = settings.switchable("consecutive_failures", count)
    window = settings.duration("window", in: .seconds(1) ... .seconds(86_400))
    failureRate = settings.switchable("failure_rate") { (text) throws(SettingProblem) in
      try SettingRule.share(text, in: 0.01...1)
    }
    minimumCalls = settings.value("minimum_calls", count)
    slowCall = settings.switchable("slow_call") { (text) throws(SettingProblem) in
      try SettingRule.duration(text, in: .milliseconds(1) ... .seconds(86_400))
    }
    slowRate = settings.value("slow_rate") { (text) throws(SettingProblem) in
      try SettingRule.share(text, in: 0.01...1)
    }
  }

  private mutating func readTimes(_ settings: inout SettingsReader) {
    let times = CircuitBreakerConfiguration.openTimes
    openTime = settings.duration("open", in: times)
    openTimeCap = settings.duration("open_cap", in: times)
    growth = settings.value("growth") { (text) throws(SettingProblem) in
      guard let factor = Double(text), (1...10).contains(factor) else {
        throw SettingProblem("\(Quoted(text)) is not a number from 1 to 10")
      }
      return factor
    }
    jitter = settings.value("jitter") { (text) throws(SettingProblem) in
      try SettingRule.share(text, in: 0...0.5)
    }
    trialLease = settings.duration("trial_lease", in: .milliseconds(100) ... .seconds(3600))
    let pauses = Duration.zero...Duration.seconds(86_400)
    coolDown = settings.duration("cool_down", in: pauses)
    coolDownCap = settings.duration("cool_down_cap", in: pauses)
    badKeyTime = settings.duration("bad_key", in: pauses)
    noCreditTime = settings.duration("no_credit", in: pauses)
  }
}

extension BreakerSubject {
  init(_ kind: BreakerKey.Kind) {
    self.kind = kind
    provider = nil
    model = nil
  }
}

extension SettingRule {
  /// A share: `50%` or `0.5`.
  static func share(
    _ text: String, in range: ClosedRange<Double>
  ) throws(SettingProblem) -> Double {
    let number = text.hasSuffix("%") ? Double(text.dropLast()).map { $0 / 100 } : Double(text)
    guard let number, number.isFinite else {
      throw SettingProblem("\(Quoted(text)) is not a share: write 50% or 0.5")
    }
    guard range.contains(number) else {
      throw SettingProblem(
        "\(Quoted(text)) is out of range: \(percent(range.lowerBound)) to "
          + "\(percent(range.upperBound)) is allowed")
    }
    return number
  }

  private static func percent(_ share: Double) -> String { "\(Int((share * 100).rounded()))%" }
}

extension SettingsReader {
  fileprivate mutating func duration(_ key: String, in range: ClosedRange<Duration>) -> Duration? {
    value(key) { (text) throws(SettingProblem) in try SettingRule.duration(text, in: range) }
  }

  /// A value by a rule, or `off`.
  fileprivate mutating func switchable<Value>(
    _ key: String, _ rule: (String) throws(SettingProblem) -> Value
  ) -> Switchable<Value>? {
    value(key) { (text) throws(SettingProblem) in
      text == "off" || text == "false" ? .off : .on(try rule(text))
    }
  }
}
