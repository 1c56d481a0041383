import SeededRandom
import Testing

@testable import Resilience

@Suite("A random walk against the plain breaker")
struct RandomWalkTests {
  /// Four settings, 80,000 steps each.
  @Test(arguments: 1...4) func theyNeverDisagree(seed: UInt64) {
    var walk = RandomWalk(seed: seed)
    for step in 0..<80_000 {
      guard let disagreement = walk.step() else { continue }
      Issue.record("seed \(seed), step \(step): \(disagreement)")
      return
    }
    // A walk that never gets anywhere would prove nothing.
    #expect(walk.visited == ["closed", "open", "half_open"])
    #expect(walk.closings > 100)
    #expect(walk.staleResults > 500)
  }
}

/// A breaker and the plain one, driven by the same random events on a virtual clock.
struct RandomWalk {
  private struct Call {
    let permit: CallPermit
    let began: Int
  }

  private var breaker: CircuitBreaker
  private var plain: NaiveBreaker
  private var generator: SeededGenerator
  private var now: Int64 = 1_000_000
  private var calls: [Call] = []
  private(set) var visited: Set<String> = []
  private(set) var closings = 0
  private(set) var staleResults = 0

  init(seed: UInt64) {
    var settings = BreakerSettings()
    settings.window = .seconds(60)
    settings.windowBuckets = 10 + Int(seed)
    settings.openTime = .seconds(10)
    settings.openTimeCap = .seconds(60)
    settings.trialLease = .seconds(seed == 2 ? 20 : 3)
    settings.badKeyTime = .seconds(20)
    settings.noCreditTime = .seconds(30)
    settings.coolDownCap = .seconds(25)
    if seed >= 2 { settings.failureRate = RateRule(rate: 0.4, minimumCalls: 6) }
    if seed >= 3 { settings.failureCount = nil }
    if seed == 4 {
      settings.slowCalls = SlowCallRule(
        threshold: .seconds(1), share: RateRule(rate: 0.6, minimumCalls: 5))
    }
    breaker = CircuitBreaker(settings: settings)
    plain = NaiveBreaker(settings: settings)
    generator = SeededGenerator(seed)
  }

  /// Does one thing to both; returns how they disagree, if they do.
  mutating func step() -> String? {
    var problem: String?
    switch roll(100) {
    case 0..<25: now += Int64(roll(1500))
    case 25: now += Int64(roll(70_000))
    case 26..<52: begin()
    case 52..<68: problem = takeTrial()
    case 68..<99: problem = finish()
    default: problem = interfere()
    }
    return problem ?? compare()
  }

  private mutating func roll(_ sides: Int) -> Int { Int.random(in: 0..<sides, using: &generator) }

  private mutating func begin() {
    guard breaker.admission(now: now) == .allowed(breaker.permit) || roll(10) == 0 else { return }
    keep(Call(permit: breaker.permit, began: plain.stateNumber))
  }

  private mutating func keep(_ call: Call) {
    if calls.count >= 12 { calls.remove(at: roll(calls.count)) }
    calls.append(call)
  }

  private mutating func takeTrial() -> String? {
    let owner = "owner-\(roll(3))"
    let offered = plain.offersTrial(now: now)
    let taken = breaker.takeTrial(now: now, owner: owner)
    guard (taken != nil) == offered else { return "trial offered: \(offered)" }
    guard let (token, transitions) = taken else { return nil }
    plain.takeTrial(owner: owner, now: now)
    keep(Call(permit: token.permit, began: plain.stateNumber))
    return transitions.map(\.reason) == [.trialTaken] ? nil : "no transition of the trial"
  }

  private mutating func finish() -> String? {
    guard !calls.isEmpty else { return nil }
    // Often the newest call, so that trials end in time.
    let index = roll(4) == 0 ? calls.count - 1 : roll(calls.count)
    let call = calls.remove(at: index)
    if call.began != plain.stateNumber { staleResults += 1 }
    if case .trial(let token) = call.permit, roll(3) == 0 { return pass(token, call) }
    let outcome = randomOutcome()
    let isTrial = if case .trial = call.permit { true } else { false }
    let wasClosed = plain.core == .closed
    let opens = plain.record(outcome, began: call.began, isTrial: isTrial, now: now)
    let transitions = breaker.record(outcome, of: call.permit, now: now, using: &generator)
    if !wasClosed, plain.core == .closed { closings += 1 }
    if let problem = follow(opens: opens) { return problem }
    return transitions.allSatisfy { $0.from != $0.to && $0.at == now } ? nil : "\(transitions)"
  }

  /// The trial goes well, and its answer goes on.
  private mutating func pass(_ token: TrialToken, _ call: Call) -> String? {
    let duration = Int64(roll(3) == 0 ? 1500 : roll(1000))
    let (number, wasClosed) = (plain.stateNumber, plain.core == .closed)
    let opens = plain.record(
      .success(durationMs: duration), began: call.began, isTrial: true, now: now)
    let (permit, _) = breaker.pass(token, durationMs: duration, now: now, using: &generator)
    if !wasClosed, plain.core == .closed { closings += 1 }
    if let problem = follow(opens: opens) { return problem }
    let hasDecided = plain.stateNumber != number
    keep(Call(permit: permit, began: hasDecided ? plain.stateNumber : call.began))
    return (permit == token.permit) == hasDecided ? "the permit of a trial that passed" : nil
  }

  private mutating func randomOutcome() -> CallOutcome {
    switch roll(40) {
    case 0..<20: .success(durationMs: roll(3) == 0 ? 1500 : Int64(roll(1000)))
    case 20..<33: .failure
    case 33: .unavailable(retryAfterMs: Int64(roll(30_000) - 100))
    case 34, 35: .rateLimited(retryAfterMs: roll(2) == 0 ? nil : Int64(roll(30_000) - 100))
    case 36: roll(8) == 0 ? .badKey : .ignored
    case 37: roll(8) == 0 ? .outOfCredit : .ignored
    default: .ignored
    }
  }

  /// Takes over when the breaker opened: the one thing that is left to chance.
  private mutating func follow(opens: Bool) -> String? {
    guard opens else { return nil }
    guard case .open(let until) = breaker.snapshot.core.phase else { return "it didn't open" }
    let middle = min(60_000, 10_000 * Double(1 << min(plain.opened, 10)))
    let range = Int64(middle * 0.8)...Int64(min(60_000, middle * 1.2))
    guard range.contains(until - now) else { return "open for \(until - now) ms" }
    plain.open(until: until)
    return nil
  }

  private mutating func interfere() -> String? {
    switch roll(12) {
    case 0:
      (plain.forced, plain.forcedClosed) = (.forcedOpen, false)
      _ = breaker.forceOpen(now: now)
    case 1:
      (plain.forced, plain.forcedClosed) = (nil, true)
      _ = breaker.forceClosed(now: now)
    case 2..<7:
      (plain.forced, plain.forcedClosed) = (nil, false)
      _ = breaker.liftOverride(now: now)
    case 7:
      if plain.core != .closed { plain.close() }
      _ = breaker.close(now: now)
    case 8:
      _ = breaker.open(now: now, using: &generator)
      return follow(opens: true)
    case 9:
      plain.reset()
      _ = breaker.reset(now: now)
    default:
      // Stored and read again, as after a restart.
      guard let read = BreakerSnapshot(fields: breaker.snapshot.encode()) else { return "unread" }
      guard breaker.absorb(read, now: now).isEmpty else { return "its own snapshot was news" }
    }
    return nil
  }

  private mutating func compare() -> String? {
    visited.insert(name(plain.core))
    let expected: Admission =
      if let refusal = plain.refusal(now: now) {
        .refused(refusal.reason, until: refusal.until)
      } else if plain.offersTrial(now: now) {
        .trialAvailable
      } else {
        .allowed(breaker.permit)
      }
    let admission = breaker.admission(now: now)
    guard admission == expected else { return "\(admission), expected \(expected)" }
    let core: NaiveBreaker.Core =
      switch breaker.snapshot.core.phase {
      case .closed: .closed
      case .open(let until): .open(until: until)
      case .halfOpen(let owner, let until): .halfOpen(owner: owner, until: until)
      }
    guard core == plain.core else { return "\(core), expected \(plain.core)" }
    // Counting a list takes a while: not after each step.
    guard core == .closed, roll(5) == 0 else { return nil }
    let (counts, naive) = (breaker.counts(now: now), plain.counts(now: now))
    guard counts.failures == naive.failures, counts.calls == naive.calls, counts.slow == naive.slow
    else { return "\(counts), expected \(naive)" }
    return nil
  }

  private func name(_ core: NaiveBreaker.Core) -> String {
    switch core {
    case .closed: "closed"
    case .open: "open"
    case .halfOpen: "half_open"
    }
  }
}
