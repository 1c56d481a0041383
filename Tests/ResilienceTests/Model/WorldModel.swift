import SeededRandom

@testable import Resilience

/// Gateways that share a breaker through a store and through news, at a moment.
struct WorldModel: Hashable {
  static let key = "provider/model"

  let settings: BreakerSettings
  /// How long each event takes, in milliseconds.
  let tick: Int64
  var now: Int64 = 1_000_000
  var gateways: [GatewayModel]
  var store = SharedBreakerModel()
  var storeEvidence = Evidence()
  var generator = SeededGenerator(1)
  /// Nil where each gateway counts for itself.
  var counts: CountsModel?
  /// Whether answers may go on for any time. Where not, all but those of trials end at once.
  let answersLast: Bool
  /// Whether operators reset the breaker. They do not care for trials that run.
  let isReset: Bool

  init(
    gateways count: Int, settings: BreakerSettings, tick: Int64, countsTogether: Bool = false,
    answersLast: Bool = false, isReset: Bool = false
  ) {
    self.isReset = isReset
    counts = countsTogether ? CountsModel() : nil
    self.answersLast = answersLast
    self.tick = tick
    self.settings = settings
    gateways = (0..<count).map { index in
      let breaker = CircuitBreaker(settings: settings)
      return GatewayModel(breaker: breaker, owner: "g\(index)", early: breaker.permit)
    }
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(now)
    hasher.combine(gateways)
    hasher.combine(counts)
  }

  static func == (a: WorldModel, b: WorldModel) -> Bool {
    a.now == b.now && a.storeEvidence == b.storeEvidence && a.stored == b.stored
      && a.gateways == b.gateways && a.counts == b.counts
  }

  var stored: BreakerSnapshot? { store.load(Self.key)?.snapshot }

  /// Everything that could happen next.
  func events() -> [Event] {
    var events: [Event] = []
    for (index, gateway) in gateways.enumerated() {
      if counts != nil {
        events += countingEvents(index)
      } else if answersLast {
        events += lastingEvents(index)
      } else if case .allowed = gateway.breaker.admission(now: now) {
        events += [
          .call(index, .failure, stored: true), .call(index, .failure, stored: false),
          .call(index, .success(durationMs: 1), stored: true),
          .call(index, .rateLimited(retryAfterMs: 5000), stored: true),
        ]
      }
      if gateway.early != nil {
        events.append(.earlyCall(index, .failure))
        if counts == nil { events.append(.earlyCall(index, .success(durationMs: 1))) }
      }
      if gateway.breaker.admission(now: now) == .trialAvailable { events.append(.claim(index)) }
      if gateway.answer != nil { events += [.answer(index), .giveUp(index)] }
      if gateway.trial != nil {
        events += [
          .trial(index, .success(durationMs: 1), stored: true),
          .trial(index, .success(durationMs: 1), stored: false),
          .trial(index, .failure, stored: true), .trial(index, .failure, stored: false),
          .trial(index, .ignored, stored: true),
        ]
      }
      if isReset { events += [.reset(index, stored: true), .reset(index, stored: false)] }
      events += endings(index)
      events += [.crash(index), .sync(index)]
      events += gateway.inbox.indices.map { .deliver(index, $0) }
    }
    if let counts, !counts.stored.isEmpty { events.append(.forget) }
    if nextDeadline != nil { events.append(.wait) }
    return events
  }

  private func countingEvents(_ index: Int) -> [Event] {
    let gateway = gateways[index]
    var events: [Event] = []
    if case .allowed = gateway.breaker.admission(now: now) {
      events += Delivery.allCases.map { .failure(index, $0) }
    }
    events += gateway.counting.commands.indices.map { .count(index, $0) }
    for position in gateway.counting.answers.indices {
      events += [.sum(index, position, stored: true), .sum(index, position, stored: false)]
    }
    return events
  }

  /// Whether the same can happen at an earlier gateway that differs in nothing but its name.
  func isMirrored(_ event: Event) -> Bool {
    guard let index = event.gateway else { return false }
    return gateways[..<index].indices.contains { earlier in
      var twin = gateways[earlier]
      twin.owner = gateways[index].owner
      twin.counting.member = gateways[index].counting.member
      return twin == gateways[index] && storedCounts(of: earlier) == storedCounts(of: index)
    }
  }

  /// When the next open time, lease or pause ends.
  var nextDeadline: Int64? {
    var deadlines: [Int64] = []
    for snapshot in gateways.map(\.breaker.snapshot) + [stored].compactMap({ $0 }) {
      deadlines += [snapshot.coolingUntil, snapshot.trial.settled ? 0 : snapshot.trial.until]
      if case .open(let until) = snapshot.core.phase { deadlines.append(until) }
    }
    deadlines += gateways.map(\.breaker.claimPendingUntil)
    return deadlines.filter { $0 > now }.min()
  }

  /// The world after `event`, one of ``events()``.
  func after(_ event: Event) -> WorldModel {
    var world = self
    world.now += tick
    switch event {
    case .call(let index, let outcome, let stored):
      let permit = gateways[index].breaker.permit
      world.record(outcome, of: permit, at: index, stored: stored)
    case .failure(let index, let delivery):
      let permit = gateways[index].breaker.permit
      world.record(.failure, of: permit, at: index, stored: delivery != .kept)
      world.sendCounts(at: index, delivery)
    case .count(let index, let position): world.countArrives(position, at: index)
    case .sum(let index, let position, let stored):
      world.sumArrives(position, at: index, stored: stored)
    case .earlyCall(let index, let outcome):
      if let permit = gateways[index].early {
        world.gateways[index].early = nil
        world.record(outcome, of: permit, at: index, stored: true)
        world.sendCounts(at: index, .answered)
      }
    case .claim(let index): world.claim(at: index)
    case .answer(let index): world.answer(at: index)
    case .giveUp(let index): world.giveUp(at: index)
    case .trial(let index, let outcome, let stored):
      if let token = gateways[index].trial {
        world.gateways[index].trial = nil
        world.record(outcome, of: token.permit, at: index, stored: stored)
      }
    case .pass(let index, let stored):
      if let token = gateways[index].trial {
        world.gateways[index].trial = nil
        world.pass(token, at: index, stored: stored)
      }
    case .begin(let index):
      let breaker = gateways[index].breaker
      world.gateways[index].lasting.append(
        LastingAnswer(permit: breaker.permit, epoch: breaker.snapshot.epoch))
    case .end(let index, let position, let outcome, let stored):
      let answer = world.gateways[index].lasting.remove(at: position)
      world.record(outcome, of: answer.permit, at: index, stored: stored)
    case .reset(let index, let stored):
      _ = world.gateways[index].breaker.reset(now: world.now)
      world.gateways[index].evidence.reset = world.now
      world.gateways[index].freshFailures = 0
      if stored { world.write(at: index) }
    case .crash(let index): world.crash(at: index)
    case .sync(let index):
      world.write(at: index)
      world.compareCounts(at: index)
    case .deliver(let index, let position):
      let message = world.gateways[index].inbox.remove(at: position)
      world.gateways[index].evidence.join(message.evidence)
      world.absorb(message.snapshot, at: index)
    case .forget: world.loseAllCounts()
    case .wait: world.now = nextDeadline ?? now
    }
    return world
  }
}

extension WorldModel {
  mutating func record(
    _ outcome: CallOutcome, of permit: CallPermit, at index: Int, stored: Bool
  ) {
    var gateway = gateways[index]
    let before = gateway.breaker.snapshot
    if outcome == .failure, permit == gateway.breaker.permit, before.core.phase == .closed {
      gateway.freshFailures += 1
    }
    _ = gateway.breaker.record(outcome, of: permit, now: now, using: &generator)
    let after = gateway.breaker.snapshot
    if case .trial(let token) = permit {
      if gateways[index].mayDecide(token) {
        if outcome == .failure { gateway.evidence.trip = now }
        if outcome == .success(durationMs: 1) { gateway.evidence.proof = beginning(of: token) }
      }
    } else if after.core.phase != before.core.phase {
      gateway.evidence.trip = now
    }
    if after.core.phase != .closed || before.core.phase != .closed { gateway.freshFailures = 0 }
    if case .rateLimited = outcome, after.coolingUntil > before.coolingUntil {
      gateway.evidence.coolDown = Evidence.CoolDown(found: now, until: after.coolingUntil)
    }
    gateways[index] = gateway
    if outcome == .failure, case .call(let epoch) = permit {
      count(failureUnder: epoch, at: index)
    }
    if stored, before != after { write(at: index) }
  }

  /// Writes to the store, reads what is there, and sends it to the others.
  mutating func write(at index: Int) {
    let before = stored
    let snapshot = gateways[index].breaker.snapshot
    guard let merged = store.publish(snapshot, key: Self.key, now: now) else { return }
    storeEvidence.join(gateways[index].evidence)
    gateways[index].evidence = storeEvidence
    absorb(merged, at: index)
    if merged != before { send(merged, from: index) }
    // A trial that was granted after it was given up is given back.
    if gateways[index].breaker.snapshot != merged { write(at: index) }
  }

  private mutating func send(_ snapshot: BreakerSnapshot, from index: Int) {
    let message = Message(snapshot: snapshot, evidence: storeEvidence)
    for other in gateways.indices where other != index { gateways[other].inbox.append(message) }
  }

  private mutating func absorb(_ snapshot: BreakerSnapshot, at index: Int) {
    let before = gateways[index].breaker.snapshot
    _ = gateways[index].breaker.absorb(snapshot, now: now)
    let after = gateways[index].breaker.snapshot
    if before.core.phase != .closed || after.core.phase != .closed
      || after.isNew(since: before)
    {
      gateways[index].freshFailures = 0
    }
  }

  private mutating func claim(at index: Int) {
    let owner = gateways[index].owner
    guard let claim = gateways[index].breaker.beginClaim(owner: owner, now: now),
      let verdict = store.claim(claim, key: Self.key, now: now)
    else { return }
    storeEvidence.join(gateways[index].evidence)
    gateways[index].answer = GatewayModel.Answer(
      claim: claim, verdict: verdict, evidence: storeEvidence)
    send(verdict.snapshot, from: index)
  }

  private mutating func answer(at index: Int) {
    guard let answer = gateways[index].answer else { return }
    gateways[index].answer = nil
    gateways[index].evidence.join(answer.evidence)
    switch answer.verdict {
    case .granted(let snapshot):
      absorb(snapshot, at: index)
      if let token = gateways[index].breaker.confirm(answer.claim, now: now).token {
        if let last = gateways[index].trial {
          gateways[index].lasting.append(LastingAnswer(permit: last.permit, epoch: last.epoch))
        }
        gateways[index].trial = token
      }
    case .refused(let snapshot):
      let wasClosed = gateways[index].breaker.snapshot.core.phase == .closed
      _ = gateways[index].breaker.abandon(answer.claim, current: snapshot, now: now)
      if !wasClosed { gateways[index].freshFailures = 0 }
    }
  }

  private mutating func giveUp(at index: Int) {
    guard let answer = gateways[index].answer else { return }
    gateways[index].answer = nil
    _ = gateways[index].breaker.abandon(answer.claim, current: nil, now: now)
  }

  private mutating func crash(at index: Int) {
    let breaker = CircuitBreaker(settings: settings, snapshot: stored ?? BreakerSnapshot())
    var gateway = GatewayModel(breaker: breaker, owner: gateways[index].owner + "'")
    gateway.evidence = storeEvidence
    gateway.counting.member = gateways[index].counting.member + 1
    gateways[index] = gateway
  }
}
