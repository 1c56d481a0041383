internal import State
internal import Synchronization

/// Breakers of models that nobody has listed: known only since a client has named them.
///
/// Each has its own, so that one model's failures keep nobody from another. What clients make up must
/// not fill the board: there is a bound for each provider, and where it is reached a model that has
/// never answered gives its place up, as long as nothing keeps calls from it. Names that nobody
/// answers to end so. Those that an upstream answers to stay; beyond them models share `*`, as do all
/// where a server answers to any name. An operator's word holds all the same: there is always room for
/// the model that it is about.
extension BreakerBoard {
  /// Models of one provider that have breakers of their own though nobody has listed them.
  static let mostNamed = 64

  /// The breaker by which calls of a model go that a client has named: its own, or that of its
  /// provider's other models, which tells too what holds for all of them.
  package func breaker(ofNamed key: BreakerKey) -> SharedBreaker {
    let common = breaker(key.common)
    if case .refused(let refusal, _) = common.admission(), refusal.isOfProvider { return common }
    return breakers.withLock { $0.byKey[key] } ?? common
  }

  /// Gives a model that a client has named a breaker of its own, where there is room, with what is
  /// stored of it. Waits for the store no longer than a trial does.
  /// - Returns: whether it has one that knows what is stored: nothing is left to do for it then.
  @discardableResult
  package func prepare(_ key: BreakerKey) async -> Bool {
    var own = ownBreaker(of: key)
    if own == nil, await isDecided(key) { own = ownBreaker(of: key, isDecided: true) }
    guard let breaker = own else { return false }
    if breaker.state.withLock({ $0.isShared }) { return true }
    guard store.isAvailable, !StoreWait.isOver else { return false }
    let isStored = await StoreWait.answer(from: store, within: configuration.claimLimit) {
      await breaker.store(within: .seconds(60))
    }
    return isStored ?? false
  }

  /// The breaker of a description such as `chat/openai/gpt-9`, for an operator: also of a model that no
  /// client has named yet.
  package func breaker(forOperator name: String) async -> SharedBreaker? {
    if let known = breaker(named: name) { return known }
    let common = all.map(\.key).first { key in
      key == key.common && name.hasPrefix("\(key.kind.rawValue)/\(key.provider)/")
    }
    guard let common else { return nil }
    let model = name.dropFirst("\(common.kind.rawValue)/\(common.provider)/".count)
    let key = BreakerKey(common.kind, provider: common.provider, model: String(model))
    guard BreakerKey.isPlain(model: key.model), configuration.isNamedByClient(key),
      let breaker = ownBreaker(of: key, isDecided: true)
    else { return nil }
    _ = await breaker.store(within: configuration.claimLimit)
    return breaker
  }

  /// Whether an operator's word on a model is stored. Looked at now and then, since any client can ask
  /// for a model that has no place.
  private func isDecided(_ key: BreakerKey) async -> Bool {
    let now = clock.now
    let pause = configuration.upkeepInterval.milliseconds
    let isDue = looked.withLock { looked in
      if let last = looked[key], (last..<last + pause).contains(now) { return false }
      if looked.count >= 1024 { looked = [:] }
      looked[key] = now
      return true
    }
    guard isDue, store.isAvailable else { return false }
    let isDecided = await StoreWait.answer(from: store, within: configuration.claimLimit) {
      [self] in
      let value = try? await store.get(key.stateKey)
      let snapshot = value.flatMap { BreakerSnapshot(bytes: $0.value) } ?? BreakerSnapshot()
      return snapshot.override.mode != OperatorOverride.Mode.none
    }
    return isDecided ?? false
  }

  private func ownBreaker(of key: BreakerKey, isDecided: Bool = false) -> SharedBreaker? {
    let (breaker, isAway) = breakers.withLock { breakers -> (SharedBreaker?, Bool) in
      if let known = breakers.byKey[key] { return (known, false) }
      let named = breakers.named[key.common] ?? []
      if named.count >= Self.mostNamed, !isDecided {
        // Of those the one with the least to lose.
        let left = named.compactMap { breakers.byKey[$0] }.filter(\.isDispensable)
          .min { $0.countedFailures < $1.countedFailures }
        guard let left else { return (nil, false) }
        drop(left, from: &breakers)
      }
      guard breakers.byKey.count < configuration.capacity else { return (nil, false) }
      let breaker = add(key, to: &breakers)
      // What is stored of it may be from before all of them were reset. Nobody need be told of that.
      if let reset = breakers.byKey[key.common]?.epoch.generation, reset > 0 {
        breaker.state.withLock { state in
          state.breaker.forgetAll(before: reset)
          state.unsaid = state.breaker.snapshot
        }
      }
      return (breaker, breakers.away.contains(key.common))
    }
    if isAway { breaker?.openAfterChecks() }
    return breaker
  }

  /// Notes whether checks have found a provider to be away: then models that are named later are, too.
  func noteChecks(_ kind: BreakerKey.Kind, provider: String, isAway: Bool) {
    let key = BreakerKey(kind, provider: provider, model: "*")
    breakers.withLock { breakers in
      if isAway { breakers.away.insert(key) } else { breakers.away.remove(key) }
    }
  }
}

extension BreakerBoard {
  /// Notes that a breaker was reset elsewhere: where it is that of all models of a provider, those that
  /// clients have named are, too.
  func heard(resetAt generation: Int64, of key: BreakerKey) {
    guard key == key.common else { return }
    for other in all
    where other.key != key && other.key.common == key && configuration.isNamedByClient(other.key) {
      other.takeOver(resetAt: generation)
    }
  }

  /// Does to the breakers of models that clients have named what an operator does to that of all of
  /// them, where it would not hold for them otherwise: forget, and close.
  package func passOn(_ command: BreakerCommand, of breaker: SharedBreaker, by operator: String) {
    guard breaker.key == breaker.key.common, [.reset, .close].contains(command) else { return }
    for other in all
    where other !== breaker && other.key.common == breaker.key
      && configuration.isNamedByClient(other.key)
    {
      other.perform(command, by: `operator`)
    }
  }
}

extension BreakerKey {
  /// That of a provider's models that have none of their own.
  package var common: BreakerKey { BreakerKey(kind, provider: provider, model: "*") }

  /// Whether a name that a client has made up may be a model's in a key: a short one of plain
  /// characters, as those of models are. It is shown, logged and stored.
  package static func isPlain(model: String) -> Bool {
    (1...128).contains(model.utf8.count)
      && model.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"):
          true
        default: "-._:/@+".utf8.contains(byte)
        }
      }
  }
}

extension Admission.Refusal {
  /// Whether it holds for all models of a provider.
  fileprivate var isOfProvider: Bool {
    switch self {
    case .badKey, .noCredit, .forcedOpen: true
    case .open, .trialRunning, .coolingDown, .resting: false
    }
  }
}

extension SharedBreaker {
  /// Whether a call has succeeded since the gateway was started.
  package var hasSucceeded: Bool { state.withLock { $0.hasSucceeded } }

  /// Tells the breakers of the provider's other models what was found out about its key or account.
  /// - Parameter elapsed: since the call began that has found it out.
  package func tellSiblings(_ outcome: CallOutcome, after elapsed: Duration, reason: String?) {
    board.tellSiblings(of: self, outcome, after: elapsed, reason: reason)
  }

  fileprivate var countedFailures: Int {
    let now = board.clock.now
    return state.withLock { $0.breaker.counts(now: now).failures }
  }

  /// Whether nothing of worth is lost with it.
  fileprivate var isDispensable: Bool {
    let now = board.clock.now
    return state.withLock { state in
      guard !state.hasSucceeded, state.breaker.snapshot.override.mode == .none else { return false }
      if case .refused = state.admission(now: now) { return false }
      return true
    }
  }
}
