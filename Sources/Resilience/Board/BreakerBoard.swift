package import State
internal import Synchronization

/// All circuit breakers of a gateway, and what they share with other gateways through a store.
package final class BreakerBoard: Sendable {
  let store: any StateStore
  /// The clock that all breakers go by.
  package let clock: SharedClock
  let observer: any BreakerObserver
  let configuration: Configuration
  let breakers = Mutex(Breakers())
  /// Raised whenever a breaker is added or dropped.
  private let changes = Atomic<Int>(0)
  /// When it was looked last whether an operator has decided about a model that has no place, in
  /// milliseconds.
  let looked = Mutex<[BreakerKey: Int64]>([:])
  /// What the observer was told of the store last.
  private let told = Mutex(Told())

  private struct Told {
    var hasStore: Bool?
    /// Whose state, or counts, the store did not take.
    var refused: Set<BreakerKey> = []
  }

  struct Breakers {
    var byKey: [BreakerKey: SharedBreaker] = [:]
    var byGroup: [String: SharedBreaker] = [:]
    /// Those of models that are known only since a client has named them, by what they have in common.
    var named: [BreakerKey: Set<BreakerKey>] = [:]
    /// Providers that are away, as far as checks have found, by what their models have in common.
    var away: Set<BreakerKey> = []
    /// By how much the shared clock had been moved when it was looked at last.
    var shift: Int64 = 0
    /// What repeats the comparison with the store.
    var upkeep: Task<Void, Never>?
    var isClosed = false
  }

  /// How a board works.
  package struct Configuration: Sendable {
    /// This process, in the leases of trials: another one at each start.
    package var owner: String
    /// The longest that a request waits for the store's word on a trial. Later it goes on as if
    /// another gateway had the trial.
    package var claimLimit = Duration.milliseconds(10)
    /// How long a trial that was granted later than that is kept for the next request, and from the
    /// other gateways; a quarter of its lease at most.
    package var keepTime = Duration.seconds(2)
    /// How often everything is compared with the store, in case an announcement was lost or the
    /// store was emptied; each time up to a fifth more or less.
    package var upkeepInterval = Duration.seconds(15)
    /// Breakers that are kept; further models of a provider share one.
    package var capacity = 4096
    /// Whether a model is known only since a client has named it.
    package var isNamedByClient: @Sendable (BreakerKey) -> Bool = { _ in false }
    /// The settings of each breaker.
    package var settings: @Sendable (BreakerKey) -> BreakerSettings
    /// Which key the calls of a breaker are made with: see ``CircuitBreaker/credential``.
    package var credential: @Sendable (BreakerKey) -> String = { _ in "" }

    /// The defaults that each property names.
    package init(
      owner: String,
      settings: @escaping @Sendable (BreakerKey) -> BreakerSettings = { key in
        key.kind == .chat ? .chat : BreakerSettings()
      }
    ) {
      self.owner = owner
      self.settings = settings
    }
  }

  /// A board over a store. ``start(_:within:)`` connects the two.
  package init(
    _ configuration: Configuration, store: any StateStore,
    observer: any BreakerObserver = NoBreakerObserver()
  ) {
    self.configuration = configuration
    self.store = store
    clock = store.clock
    self.observer = observer
  }

  /// Whether what is known is shared with other gateways at the moment.
  package var isShared: Bool { store.isAvailable }

  /// Whether the store is there and takes what it is told, which one that is full does not: what the
  /// observer was told last.
  package var hasStore: Bool { store.isAvailable && told.withLock { $0.refused.isEmpty } }

  /// The breaker of a key: always the same one. Where there are too many already, that of the
  /// provider's other models.
  package func breaker(_ key: BreakerKey) -> SharedBreaker {
    let (breaker, isNew) = breakers.withLock { breakers in
      if let known = breakers.byKey[key] { return (known, false) }
      var key = key
      if breakers.byKey.count >= configuration.capacity {
        key = key.common
        if let known = breakers.byKey[key] { return (known, false) }
      }
      return (add(key, to: &breakers), breakers.upkeep != nil)
    }
    if isNew { breaker.compare() }
    return breaker
  }

  /// Changes with the breakers that there are. As long as it stays what it was, so does whose breaker a
  /// key's is.
  package var membership: Int { changes.load(ordering: .acquiring) }

  func drop(_ breaker: SharedBreaker, from breakers: inout Breakers) {
    breakers.byKey[breaker.key] = nil
    breakers.byGroup[breaker.key.group] = nil
    breakers.named[breaker.key.common]?.remove(breaker.key)
    breaker.state.withLock { $0.isDropped = true }
    changes.wrappingAdd(1, ordering: .releasing)
  }

  func add(_ key: BreakerKey, to breakers: inout Breakers) -> SharedBreaker {
    changes.wrappingAdd(1, ordering: .releasing)
    let breaker = SharedBreaker(
      key, settings: configuration.settings(key), credential: configuration.credential(key),
      board: self)
    breakers.byKey[key] = breaker
    breakers.byGroup[key.group] = breaker
    if configuration.isNamedByClient(key) { breakers.named[key.common, default: []].insert(key) }
    return breaker
  }

  /// All breakers, ordered by their keys.
  package var all: [SharedBreaker] {
    breakers.withLock { Array($0.byKey.values) }.sorted { $0.key < $1.key }
  }

  /// The breaker of a description such as `image/openai/dall-e-3`, if there is one.
  package func breaker(named name: String) -> SharedBreaker? {
    breakers.withLock { $0.byKey.values.first { $0.key.description == name } }
  }

  func changed(_ key: BreakerKey, _ transition: Transition) {
    observer.breaker(key, changed: transition)
  }

  // MARK: Store

  /// Reads the states of breakers from the store, so that what was open before a restart is open
  /// from the first request on, and listens to the store from then on.
  /// - Parameters:
  ///   - keys: those that are known at the start.
  ///   - limit: how long to wait for a store that does not answer.
  package func start(_ keys: [BreakerKey], within limit: Duration) async {
    for key in keys { _ = breaker(key) }
    let ready = FirstAnswer<Void>()
    store.listen { [self] event in
      hear(event)
      if event == .available || event == .replaced {
        Task {
          await compareAll()
          ready.give(())
        }
      }
    }
    let timer = Task {
      try? await Task.sleep(for: limit)
      ready.give(())
    }
    await ready.value
    timer.cancel()
    let upkeep = Task { [self] in
      while !Task.isCancelled {
        let factor = Double.random(in: 0.8...1.2)
        guard (try? await Task.sleep(for: configuration.upkeepInterval * factor)) != nil else {
          return
        }
        guard store.isAvailable else { continue }
        await compareAll()
        // What it refused may be of no interest any more, so that it is not told again.
        let owing = all.filter(\.owesStore).map(\.key)
        tellOfStore(nil) { $0.formIntersection(owing) }
      }
    }
    breakers.withLock { breakers in
      breakers.upkeep = upkeep
      if breakers.isClosed { upkeep.cancel() }
    }
  }

  /// Gives trials back that nobody makes, and has the store told what it has not been told yet, so that
  /// no other gateway waits for one that is gone.
  /// - Parameter limit: the longest that it waits for the store.
  package func settle(within limit: Duration) async {
    for breaker in all { breaker.giveBackKept() }
    let owing = all.filter(\.owesStore)
    guard store.isAvailable, !owing.isEmpty else { return }
    _ = await FirstAnswer.of(within: limit) {
      await withTaskGroup(of: Void.self) { group in
        for breaker in owing { group.addTask { await breaker.settle(within: limit) } }
      }
    }
  }

  /// Ends what runs on the side. The store stays open.
  package func close() {
    breakers.withLock { breakers in
      breakers.isClosed = true
      breakers.upkeep?.cancel()
    }
  }

  private func hear(_ event: StateEvent) {
    switch event {
    case .changed(let key, let value):
      guard key.name == BreakerKey.stateName,
        let breaker = breakers.withLock({ $0.byGroup[key.group] })
      else { return }
      breaker.hear(value)
    case .available:
      followClock()
      tellOfStore(nil) { $0 = [] }
    case .replaced: followClock()
    case .unavailable(let reason):
      tellOfStore(reason) { _ in }
    }
  }

  /// Notes whether the store has written down what it was told of a breaker. One that is there and
  /// does not, as one that is full, or a cluster of which a part is away, is told of like one that is
  /// away: once.
  func noteWriting(_ key: BreakerKey, _ error: StateError?) {
    switch error?.kind {
    case nil, .refused, .malformed: break
    // Of one that is away as a whole it is told otherwise.
    case .unavailable: guard store.isAvailable else { return }
    // What took too long may have been done.
    case .timedOut, .closed: return
    }
    tellOfStore(error?.description) { refused in
      if error == nil { refused.remove(key) } else { refused.insert(key) }
    }
  }

  /// Tells the observer of the store where there is news.
  private func tellOfStore(_ reason: String?, _ change: (inout Set<BreakerKey>) -> Void) {
    // That it ends with the gateway is no news.
    guard !breakers.withLock(\.isClosed) else { return }
    let news = told.withLock { told -> Bool? in
      change(&told.refused)
      let hasStore = store.isAvailable && told.refused.isEmpty
      guard hasStore != told.hasStore else { return nil }
      told.hasStore = hasStore
      return hasStore
    }
    if let news { observer.store(isAvailable: news, reason: news ? nil : reason) }
  }

  /// Breakers that are compared at the same time: their questions go to the store together.
  private static let together = 64

  /// Compares every breaker with the store, and what was counted: the store may have lost either of
  /// them, and said nothing of it.
  private func compareAll() async {
    var left = all[...]
    await withTaskGroup(of: Void.self) { group in
      for breaker in left.prefix(Self.together) { group.addTask { await breaker.compareNow() } }
      left = left.dropFirst(Self.together)
      while await group.next() != nil {
        guard let next = left.popFirst() else { continue }
        group.addTask { await next.compareNow() }
      }
    }
  }

  /// Moves the times of what was never shared along, where the store's clock differs from ours.
  private func followClock() {
    let shift = clock.shift
    let delta = breakers.withLock { breakers in
      defer { breakers.shift = shift }
      return shift - breakers.shift
    }
    guard abs(delta) > 1000 else { return }
    for breaker in all { breaker.rebase(by: delta) }
  }
}

extension BreakerBoard {
  /// Tells the breakers of a provider's other models what was found out about its key or account.
  /// - Parameter elapsed: since the call began that has found it out.
  package func tellSiblings(
    of breaker: SharedBreaker, _ outcome: CallOutcome, after elapsed: Duration, reason: String?
  ) {
    let began = clock.now - elapsed.milliseconds
    for other in all
    where other !== breaker && other.key.kind == breaker.key.kind
      && other.key.provider == breaker.key.provider
    {
      other.record(outcome, of: other.permit(ofOneBegunAt: began), reason: reason)
    }
  }
}
