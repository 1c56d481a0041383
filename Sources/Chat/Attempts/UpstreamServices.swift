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
  private var named: [BreakerKey: NamedBreaker] = [:]
  /// That of the last request.
  private var latestNamed: NamedBreaker?
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

  /// Whether all have the breakers that ``prepare(_:)`` would make, as nearly always.
  func arePrepared(_ targets: [UpstreamTarget]) -> Bool {
    guard let board else { return true }
    return targets.allSatisfy {
      !$0.isNamedByClient || known($0.breakerKey, board)?.isPrepared ?? false
    }
  }

  /// Makes the breakers of models that clients have named, where they have none.
  func prepare(_ targets: [UpstreamTarget]) async {
    guard let board else { return }
    for target in targets where !arePrepared([target]) {
      let key = target.breakerKey
      let isPrepared = await board.prepare(key)
      _ = breaker(named: key, board)
      named[key]?.isPrepared = isPrepared
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
      : NamedBreaker(
        key: key, breaker: breaker, common: common, membership: membership,
        commonRevision: revision)
    return breaker
  }

  /// What is known of a model, as long as it holds. Most requests name the one of the request before,
  /// which is found without hashing its name.
  private func known(_ key: BreakerKey, _ board: BreakerBoard) -> NamedBreaker? {
    if let latestNamed, latestNamed.key == key {
      return latestNamed.isCurrent(board) ? latestNamed : nil
    }
    guard let known = named[key], known.isCurrent(board) else { return nil }
    latestNamed = known
    return known
  }

  /// Breakers of models that clients have named, of all upstreams, that are found fast.
  private static let mostNamed = 256

  /// Pays in for a request that an upstream gets.
  func addRequest(to target: UpstreamTarget) {
    budgets[target]?.addRequest()
  }

  /// Takes a repetition out of an upstream's budget, if there is one.
  func takeRetry(at target: UpstreamTarget) -> Bool {
    budgets[target]?.takeRetry() ?? false
  }
}

/// The breaker of a model that a client has named, and until when it is the one of its model. A class,
/// so that looking at it copies nothing.
private final class NamedBreaker {
  let key: BreakerKey
  let breaker: SharedBreaker
  private let common: SharedBreaker
  private let membership: Int
  private let commonRevision: Int
  var isPrepared = false

  init(
    key: BreakerKey, breaker: SharedBreaker, common: SharedBreaker, membership: Int,
    commonRevision: Int
  ) {
    self.key = key
    self.breaker = breaker
    self.common = common
    self.membership = membership
    self.commonRevision = commonRevision
  }

  func isCurrent(_ board: BreakerBoard) -> Bool {
    board.membership == membership && common.revision == commonRevision
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
