import Resilience

/// A circuit breaker written down as plainly as possible, without regard to time or memory: what
/// the real one is compared with.
struct NaiveBreaker {
  enum Core: Equatable {
    case closed
    case open(until: Int64)
    case halfOpen(owner: String, until: Int64)
  }

  private struct Call {
    let bucket: Int64
    let failed: Bool
    let slow: Bool
  }

  let settings: BreakerSettings
  private(set) var core = Core.closed
  /// A number for each state that the core was ever in.
  private(set) var stateNumber = 0
  /// The state that the last reset began with.
  private(set) var resetNumber = 0
  private(set) var opened = 0
  private(set) var coolingUntil: Int64 = 0
  private(set) var restsUntil: Int64 = 0
  private(set) var badKeyUntil: Int64 = 0
  private(set) var noCreditUntil: Int64 = 0
  var forced: Admission.Refusal?
  var forcedClosed = false
  private var calls: [Call] = []

  init(settings: BreakerSettings) { self.settings = settings }

  private func milliseconds(_ duration: Duration) -> Int64 {
    duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000
  }

  private func bucket(_ now: Int64) -> Int64 {
    now / (milliseconds(settings.window) / Int64(settings.windowBuckets))
  }

  /// What a call would be told: nil if it may be made, or if a trial may.
  func refusal(now: Int64) -> (reason: Admission.Refusal, until: Int64?)? {
    if let forced { return (forced, nil) }
    if forcedClosed { return nil }
    var reasons: [(Admission.Refusal, Int64)] = []
    if now < badKeyUntil { reasons.append((.badKey, badKeyUntil)) }
    if now < noCreditUntil { reasons.append((.noCredit, noCreditUntil)) }
    if case .open(let until) = core, now < until { reasons.append((.open, until)) }
    if case .halfOpen(_, let until) = core, now < until { reasons.append((.trialRunning, until)) }
    if now < coolingUntil { reasons.append((.coolingDown, coolingUntil)) }
    if now < restsUntil { reasons.append((.resting, restsUntil)) }
    guard let first = reasons.first else { return nil }
    return (first.0, reasons.map(\.1).max())
  }

  func offersTrial(now: Int64) -> Bool {
    refusal(now: now) == nil && !forcedClosed && core != .closed
  }

  mutating func takeTrial(owner: String, now: Int64) {
    stateNumber += 1
    core = .halfOpen(owner: owner, until: now + milliseconds(settings.trialLease))
  }

  func counts(now: Int64) -> (failures: Int, calls: Int, slow: Int) {
    let kept = calls.filter { $0.bucket > bucket(now) - Int64(settings.windowBuckets) }
    return (kept.count { $0.failed }, kept.count, kept.count { $0.slow })
  }

  /// Records the outcome of a call that began in the state `number`, as a trial or not. Returns
  /// whether the breaker opens by it; then `open(until:)` has to be told until when.
  mutating func record(
    _ outcome: CallOutcome, began number: Int, isTrial: Bool, now: Int64
  ) -> Bool {
    guard number >= resetNumber else { return false }
    pause(outcome, now: now)
    guard number == stateNumber else { return false }
    switch core {
    case .open:
      return false
    case .closed:
      guard !isTrial else { return false }
      return count(outcome, now: now)
    case .halfOpen:
      guard isTrial else { return false }
      switch outcome {
      case .success(let duration) where !isSlow(duration):
        close()
        return false
      case .success, .failure, .unavailable:
        return true
      default:
        stateNumber += 1
        core = .open(until: now)
        return false
      }
    }
  }

  private func isSlow(_ duration: Int64) -> Bool {
    settings.slowCalls.map { duration > milliseconds($0.threshold) } ?? false
  }

  private mutating func pause(_ outcome: CallOutcome, now: Int64) {
    switch outcome {
    case .rateLimited(let asked?) where asked > 0:
      coolingUntil = max(coolingUntil, now + min(asked, milliseconds(settings.coolDownCap)))
    case .rateLimited: restsUntil = max(restsUntil, now + milliseconds(settings.coolDown))
    case .unavailable(let asked):
      coolingUntil = max(coolingUntil, now + max(0, min(asked, milliseconds(settings.coolDownCap))))
    case .badKey: badKeyUntil = max(badKeyUntil, now + milliseconds(settings.badKeyTime))
    case .outOfCredit:
      noCreditUntil = max(noCreditUntil, now + milliseconds(settings.noCreditTime))
    default: break
    }
  }

  private mutating func count(_ outcome: CallOutcome, now: Int64) -> Bool {
    switch outcome {
    case .success(let duration):
      calls.append(Call(bucket: bucket(now), failed: false, slow: isSlow(duration)))
    case .failure, .unavailable:
      calls.append(Call(bucket: bucket(now), failed: true, slow: false))
    default:
      return false
    }
    if calls.count > 150 {
      let oldest = bucket(now) - Int64(settings.windowBuckets)
      calls.removeAll { $0.bucket <= oldest }
    }
    let counts = counts(now: now)
    guard case .success(let duration) = outcome else {
      if let limit = settings.failureCount, counts.failures >= limit { return true }
      guard let rule = settings.failureRate, counts.calls >= rule.minimumCalls else { return false }
      return Double(counts.failures) / Double(counts.calls) >= rule.rate
    }
    guard isSlow(duration), let rule = settings.slowCalls,
      counts.calls >= rule.share.minimumCalls
    else { return false }
    return Double(counts.slow) / Double(counts.calls) >= rule.share.rate
  }

  mutating func open(until: Int64) {
    stateNumber += 1
    opened += 1
    core = .open(until: until)
  }

  mutating func close() {
    stateNumber += 1
    opened = 0
    core = .closed
    calls = []
  }

  mutating func reset() {
    let number = stateNumber + 1
    self = NaiveBreaker(settings: settings)
    (stateNumber, resetNumber) = (number, number)
  }
}
