@testable import Resilience

/// What is true whether or not a breaker knows it, carried along wherever news is carried: when
/// those who are heard of last found the provider broken, when the last trial began that found it
/// working, when an operator last reset the breaker, and until when the provider asked to be left
/// alone.
struct Evidence: Hashable {
  var trip: Int64 = 0
  var proof: Int64 = 0
  var reset: Int64 = 0
  /// Since each is as long as the others, of two the later one is the longer one.
  var coolDown = CoolDown()

  struct CoolDown: Hashable {
    var found: Int64 = 0
    var until: Int64 = 0
  }

  /// Whether no trial has begun since that found the provider working.
  var isAgainstCalls: Bool { trip > 0 && trip >= proof && trip > reset }

  /// Until when the provider asked to be left alone since the last reset.
  var coolingUntil: Int64 { coolDown.found > reset ? coolDown.until : 0 }

  mutating func join(_ other: Evidence) {
    trip = max(trip, other.trip)
    proof = max(proof, other.proof)
    reset = max(reset, other.reset)
    if other.coolDown.found > coolDown.found { coolDown = other.coolDown }
  }
}

/// News on its way from one gateway to another.
struct Message: Hashable {
  let snapshot: BreakerSnapshot
  let evidence: Evidence
}

/// One gateway with its copy of the breaker. Nothing in it knows of the others.
struct GatewayModel: Hashable {
  var breaker: CircuitBreaker
  /// The name of this gateway, different after each start.
  var owner: String
  /// A call that began before anything happened, and hasn't ended.
  var early: CallPermit?
  /// The trial that it makes, whether or not its lease is over.
  var trial: TrialToken?
  /// Calls, and trials of which another one has taken the place, whose answers go on.
  var lasting: [LastingAnswer] = []
  /// A claim that the store has decided; the answer is on its way.
  var answer: Answer?
  /// News on its way to here, in no order.
  var inbox: [Message] = []
  var evidence = Evidence()
  /// Failures that the breaker has to reckon with: since it closed, of calls begun since then.
  var freshFailures = 0
  /// What it counts together with others.
  var counting = CountingModel()

  struct Answer: Hashable {
    let claim: TrialClaim
    let verdict: TrialClaim.Verdict
    let evidence: Evidence
  }

  /// Without what never changes and what decides nothing: for speed. Of the breaker's counts only
  /// the failures do, which are the fresh ones.
  func hash(into hasher: inout Hasher) {
    hasher.combine(breaker.snapshot.core.number)
    hasher.combine(breaker.snapshot.coolingUntil)
    hasher.combine(breaker.snapshot.trial.number)
    hasher.combine(inbox.count)
    hasher.combine(freshFailures)
    hasher.combine(counting.commands.count)
    hasher.combine(counting.answers)
    hasher.combine(counting.own.isUntold)
    hasher.combine(evidence.trip)
    hasher.combine(evidence.reset)
    hasher.combine(early == nil)
    hasher.combine(trial?.epoch.number)
    hasher.combine(lasting.count)
    hasher.combine(answer?.claim.token.epoch.number)
  }

  static func == (a: GatewayModel, b: GatewayModel) -> Bool {
    a.breaker.snapshot == b.breaker.snapshot && a.freshFailures == b.freshFailures
      && a.evidence == b.evidence && a.early == b.early && a.trial == b.trial
      && a.answer == b.answer && a.owner == b.owner && a.lasting == b.lasting
      && a.breaker.claimPendingUntil == b.breaker.claimPendingUntil
      && a.breaker.givenUp == b.breaker.givenUp
      && a.inbox == b.inbox && a.counting == b.counting
      // It bounds what is told to the store.
      && (!a.counting.own.isUntold || a.breaker.window == b.breaker.window)
  }
}

/// What can happen. News that is lost needs no event of its own: it is news that never arrives.
enum Event: Hashable {
  /// A call that the gateway lets pass ends at once; what comes of it reaches the store, or not.
  case call(Int, CallOutcome, stored: Bool)
  /// A call that the gateway lets pass fails at once, where failures are counted together.
  case failure(Int, Delivery)
  /// The gateway's n-th count that is on its way reaches the store.
  case count(Int, Int)
  /// The store's n-th answer to a count arrives; what comes of it reaches the store, or not.
  case sum(Int, Int, stored: Bool)
  /// The call from before anything happened ends.
  case earlyCall(Int, CallOutcome)
  /// The gateway asks the store for the trial; the store decides.
  case claim(Int)
  /// The store's answer arrives.
  case answer(Int)
  /// The store's answer comes too late, or never: the gateway gives the claim up.
  case giveUp(Int)
  /// The trial ends.
  case trial(Int, CallOutcome, stored: Bool)
  /// The trial's answer goes on, and has gone well for so long that the trial is over.
  case pass(Int, stored: Bool)
  /// A call that the gateway lets pass begins, and its answer goes on.
  case begin(Int)
  /// The n-th of the gateway's answers that go on ends.
  case end(Int, Int, CallOutcome, stored: Bool)
  /// An operator resets the breaker at the gateway, which the store hears of, or not.
  case reset(Int, stored: Bool)
  /// The gateway's process ends and starts anew: it knows what the store knows.
  case crash(Int)
  /// The gateway writes to the store what it knows, and reads the rest.
  case sync(Int)
  /// The n-th piece of news in the gateway's inbox arrives.
  case deliver(Int, Int)
  /// The store loses all counts.
  case forget
  /// Time passes until something ends: an open time, a lease, a pause.
  case wait

  /// The gateway that it happens at, if it is one.
  var gateway: Int? {
    switch self {
    case .call(let index, _, _), .earlyCall(let index, _), .claim(let index), .answer(let index),
      .giveUp(let index),
      .trial(let index, _, _), .crash(let index), .sync(let index), .deliver(let index, _),
      .failure(let index, _), .count(let index, _), .sum(let index, _, _), .pass(let index, _),
      .begin(let index), .end(let index, _, _, _), .reset(let index, _):
      index
    case .wait, .forget: nil
    }
  }
}
