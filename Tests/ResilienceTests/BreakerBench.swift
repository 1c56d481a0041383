import Resilience
import SeededRandom

/// A breaker, its time and its randomness: what a test turns the handles of.
final class BreakerBench {
  var breaker: CircuitBreaker
  var now: Int64 = 1_000_000
  var generator = SeededGenerator(1)
  /// Everything that the breaker said.
  var transitions: [Transition] = []

  /// Without jitter, so that times are exact.
  init(credential: String = "", _ change: (inout BreakerSettings) -> Void = { _ in }) {
    var settings = BreakerSettings()
    settings.openTimeJitter = 0
    change(&settings)
    breaker = CircuitBreaker(settings: settings, credential: credential)
  }

  var admission: Admission { breaker.admission(now: now) }
  var state: BreakerState { breaker.state(now: now) }
  var isAllowed: Bool { admission == .allowed(breaker.permit) }

  func pass(_ milliseconds: Int64) { now += milliseconds }

  func record(_ outcome: CallOutcome, of permit: CallPermit? = nil) {
    transitions += breaker.record(
      outcome, of: permit ?? breaker.permit, now: now, using: &generator)
  }

  func fail(_ times: Int = 1) {
    for _ in 0..<times { record(.failure) }
  }

  func succeed(_ times: Int = 1, durationMs: Int64 = 10) {
    for _ in 0..<times { record(.success(durationMs: durationMs)) }
  }

  func takeTrial(owner: String = "a") -> TrialToken? {
    guard let (token, made) = breaker.takeTrial(now: now, owner: owner) else { return nil }
    transitions += made
    return token
  }

  /// The trial goes well, and its answer goes on.
  func passTrial(_ token: TrialToken, durationMs: Int64 = 1) -> CallPermit {
    let (permit, made) = breaker.pass(
      token, durationMs: durationMs, now: now, using: &generator)
    transitions += made
    return permit
  }

  /// Opens the breaker and waits until a trial can be taken.
  func openAndWait() {
    fail(5)
    pass(minute(10))
  }
}

func second(_ count: Int64) -> Int64 { count * 1000 }
func minute(_ count: Int64) -> Int64 { count * 60_000 }
