package import EventLoop
package import HTTP
package import Resilience

/// What the calls of one loop have in common. Loop-bound.
package final class UpstreamServices {
  package let loop: EventLoop
  /// Nil where there are no breakers.
  let board: BreakerBoard?
  /// Whether, where every upstream is kept from being asked, the nearest to its trial is asked.
  let asksLastResort: Bool
  let policy: RetryPolicy
  let limits: UpstreamLimits
  private let budgets: UpstreamBudgets
  let observer: any ChatObserver
  private let client: (String?) -> HTTPClient
  private var breakers: [BreakerKey: SharedBreaker] = [:]
  /// Breakers of models that clients have named, which may change.
  private var named: [BreakerKey: Named] = [:]
  /// That of the last request.
  private var latestNamed: (key: BreakerKey, named: Named)?
  /// The breaker that was asked for last, which is looked at first.
  private var latest: (key: BreakerKey, breaker: SharedBreaker)?
  var generator = SystemRandomNumberGenerator()

  /// - Parameter client: the client that trusts the authorities of a PEM file; those of the system
  ///   where there is none.
  package init(
    loop: EventLoop, board: BreakerBoard?, asksLastResort: Bool, policy: RetryPolicy,
    limits: UpstreamLimits, budgets: UpstreamBudgets, observer: any ChatObserver = NoChatObserver(),
    client: @escaping (String?) -> HTTPClient
  ) {
    self.loop = loop
    self.board = board
    self.asksLastResort = asksLastResort
    self.policy = policy
    self.limits = limits
    self.budgets = budgets
    self.observer = observer
    self.client = client
  }

  func client(for target: UpstreamTarget) -> HTTPClient {
    client(target.upstream.settings.authorityFile)
  }

  /// Only those of the configuration are kept here, whose number is bounded and which stay the same.
  func breaker(_ target: UpstreamTarget) -> SharedBreaker? {
    guard let board else { return nil }
    if target.isNamedByClient { return breaker(named: target.breakerKey, board) }
    let key = target.breakerKey
    if let latest, latest.key == key { return latest.breaker }
    let breaker = breakers[key] ?? board.breaker(key)
    breakers[key] = breaker
    latest = (key, breaker)
    return breaker
  }

  /// Makes the breakers of models that clients have named, where they have none.
  func prepare(_ targets: [UpstreamTarget]) async {
    guard let board else { return }
    for target in targets where target.isNamedByClient {
      let key = target.breakerKey
      if let known = known(key, board), known.isPrepared { continue }
      let isPrepared = await board.prepare(key)
      _ = breaker(named: key, board)
      named[key]?.isPrepared = isPrepared
      latestNamed = nil
    }
  }

  private func breaker(named key: BreakerKey, _ board: BreakerBoard) -> SharedBreaker {
    if let known = known(key, board) { return known.breaker }
    latestNamed = nil
    // Before it is looked for, so that no change is missed.
    let common = board.breaker(key.common)
    let (membership, revision) = (board.membership, common.revision)
    let breaker = board.breaker(ofNamed: key)
    if named.count >= Self.mostNamed { named = [:] }
    // What keeps all models from being asked ends with time, too.
    named[key] =
      breaker === common
      ? nil
      : Named(
        breaker: breaker, common: common, membership: membership, commonRevision: revision)
    return breaker
  }

  /// What is known of a model, as long as it holds. Most requests name the one of the request before,
  /// which is found without hashing its name.
  private func known(_ key: BreakerKey, _ board: BreakerBoard) -> Named? {
    if let latestNamed, latestNamed.key == key, latestNamed.named.isCurrent(board) {
      return latestNamed.named
    }
    guard let known = named[key], known.isCurrent(board) else { return nil }
    latestNamed = (key, known)
    return known
  }

  /// Breakers of models that clients have named, of all upstreams, that are found fast.
  private static let mostNamed = 256

  /// A breaker, and until when it is the one of its model.
  private struct Named {
    let breaker: SharedBreaker
    let common: SharedBreaker
    let membership: Int
    let commonRevision: Int
    var isPrepared = false

    func isCurrent(_ board: BreakerBoard) -> Bool {
      board.membership == membership && common.revision == commonRevision
    }
  }

  /// Pays in for a request that an upstream gets.
  func addRequest(to target: UpstreamTarget) {
    budgets[target]?.addRequest()
  }

  /// Takes a repetition out of an upstream's budget, if there is one.
  func takeRetry(at target: UpstreamTarget) -> Bool {
    budgets[target]?.takeRetry() ?? false
  }
}

/// How many requests may be under way at each upstream. Shared by all loops.
package struct UpstreamLimits: Sendable {
  private let limits: [String: ConcurrencyLimit]

  /// The limits of those upstreams that have one.
  package init(_ upstreams: [ChatUpstream]) {
    var limits: [String: ConcurrencyLimit] = [:]
    for upstream in upstreams {
      guard let concurrency = upstream.concurrency else { continue }
      limits[upstream.name] = ConcurrencyLimit(
        capacity: concurrency, queue: upstream.queue, longestWait: upstream.queueTimeout)
    }
    self.limits = limits
  }

  /// Nil where there is none.
  package subscript(target: UpstreamTarget) -> ConcurrencyLimit? {
    limits.isEmpty ? nil : limits[target.upstream.name]
  }
}
