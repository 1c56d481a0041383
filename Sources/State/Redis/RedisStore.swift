package import EventLoop
internal import Observability
internal import Synchronization

/// A store in Redis, which many gateways share. It is never waited for longer than the time-out of
/// its URL, and where it is away every operation fails at once.
package final class RedisStore: StateStore {
  private let loop: EventLoop
  private let link: LoopBound<any RedisLink>
  private let schema: RedisSchema
  private let shared: Shared
  package let clock: SharedClock
  package let statistics: StateStatistics

  /// What the link's events reach.
  private final class Shared: Sendable {
    let listener = Mutex<(@Sendable (StateEvent) -> Void)?>(nil)
    let isAvailable = Atomic<Bool>(false)
    let isClosed = Atomic<Bool>(false)
    func tell(_ event: StateEvent) { listener.withLock { $0 }?(event) }
  }

  /// A store that lives on a loop, and connects once it is listened to.
  /// - Throws: `StateError` where the file of authorities cannot be read.
  package convenience init(_ url: RedisURL, on loop: EventLoop) async throws(StateError) {
    let tls: TLSContext?
    do throws(StreamError) {
      tls = url.usesTLS ? try TLSContext(client: url.authorityFile) : nil
    } catch {
      guard case .tls(let reason) = error else { throw StateError(.refused, "\(error)") }
      throw StateError(.refused, reason)
    }
    let shared = Shared()
    let clock = SharedClock()
    let statistics = StateStatistics()
    let schema = RedisSchema(prefix: url.prefix, database: url.database)
    let link: LoopBound<any RedisLink>
    do {
      link = try await loop.run {
        let events = RedisLinkEvents(
          available: {
            shared.isAvailable.store(true, ordering: .relaxed)
            shared.tell(.available)
          },
          replaced: { shared.tell(.replaced) },
          lost: { shared.isAvailable.store(false, ordering: .relaxed) },
          unavailable: { reason in shared.tell(.unavailable(reason)) },
          message: { bytes in
            if let event = StateEvent(message: bytes, to: schema) { shared.tell(event) }
          }, statistics: statistics, clock: clock)
        let opener = RedisOpener(loop: loop, url: url, tls: tls)
        let link: any RedisLink =
          url.form == .cluster
          ? ClusterLink(opener, schema, events) : MasterLink(opener, schema, events)
        return LoopBound(link, on: loop)
      }
    } catch {
      throw StateError(.closed, "the loop has stopped")
    }
    self.init(schema, loop, link, shared, clock, statistics)
  }

  private init(
    _ schema: RedisSchema, _ loop: EventLoop, _ link: LoopBound<any RedisLink>, _ shared: Shared,
    _ clock: SharedClock, _ statistics: StateStatistics
  ) {
    self.schema = schema
    self.loop = loop
    self.link = link
    self.shared = shared
    self.clock = clock
    self.statistics = statistics
  }

  package var isAvailable: Bool { shared.isAvailable.load(ordering: .relaxed) }

  package func listen(_ listener: @escaping @Sendable (StateEvent) -> Void) {
    shared.listener.withLock { $0 = listener }
    loop.submit { [link] in link.value.start() }
  }

  package func close() async {
    shared.isClosed.store(true, ordering: .relaxed)
    shared.listener.withLock { $0 = nil }
    shared.isAvailable.store(false, ordering: .relaxed)
    _ = try? await loop.run { [link] in link.value.stop() }
  }

  // MARK: Values

  package func get(_ key: StateKey) async throws(StateError) -> StoredValue? {
    try key.check()
    let name = schema.value(key)
    let reply = try await run { RedisKeyCommand("HMGET", key: name, ["r", "v"]) }
    guard let parts = reply.elements, parts.count == 2 else { throw Self.senseless }
    if parts == [.null, .null] { return nil }
    guard let revision = parts[0].integer, let value = parts[1].bytes else { throw Self.senseless }
    return StoredValue(revision: revision, value: value)
  }

  package func compareAndSet(
    _ key: StateKey, revision: Int64, to value: [UInt8], lifetime: Duration, announced: Bool
  ) async throws(StateError) -> CompareAndSetResult {
    try key.check(value)
    let reply = try await set(key, "\(revision)", value, lifetime, announced)
    guard let parts = reply.elements, let outcome = parts.first?.integer else {
      throw Self.senseless
    }
    switch (outcome, parts.count) {
    case (1, 2):
      guard let revision = parts[1].integer else { throw Self.senseless }
      return .stored(revision: revision)
    case (0, 1): return .conflict(nil)
    case (0, 3):
      guard let revision = parts[1].integer, let value = parts[2].bytes else {
        throw Self.senseless
      }
      return .conflict(StoredValue(revision: revision, value: value))
    default: throw Self.senseless
    }
  }

  package func put(
    _ key: StateKey, _ value: [UInt8], lifetime: Duration
  ) async throws(StateError) {
    try key.check(value)
    _ = try await set(key, "*", value, lifetime, false)
  }

  private func set(
    _ key: StateKey, _ revision: String, _ value: [UInt8], _ lifetime: Duration, _ announced: Bool
  ) async throws(StateError) -> RedisReply {
    try await run { [schema] in
      schema.setting(key, revision, to: value, lifetime: lifetime, announced: announced)
    }
  }

  package func remove(_ key: StateKey) async throws(StateError) {
    try key.check()
    let name = schema.value(key)
    _ = try await run { RedisKeyCommand("DEL", key: name) }
  }

  package func count(
    _ key: StateKey, by member: String, _ told: PartCounts, over window: CountedWindow,
    lifetime: Duration
  ) async throws(StateError) -> [Int64] {
    try key.check()
    let told = try window.checked(told, by: member)
    let reply = try await run { [schema] in
      schema.counting(key, by: member, told, over: window, lifetime: lifetime)
    }
    guard let sums = reply.elements?.compactMap(\.integer), sums.count == window.counters else {
      throw Self.senseless
    }
    return sums
  }

  // MARK: Running

  private static let senseless = StateError(.malformed, "the server's answer makes no sense")

  private func run(
    _ command: @escaping @Sendable () -> RedisKeyCommand
  ) async throws(StateError) -> RedisReply {
    guard isAvailable else {
      let isClosed = shared.isClosed.load(ordering: .relaxed)
      let error =
        isClosed
        ? StateError(.closed, "the store is closed")
        : StateError(.unavailable, "Redis is not connected")
      statistics.failed(error.kind)
      throw error
    }
    let started = EventLoop.nanoseconds
    let result: Result<RedisReply, StateError> = await withCheckedContinuation { done in
      loop.submit { [link] in
        link.value.send(command()) { result in done.resume(returning: result) }
      }
    }
    switch result {
    case .success(.error(let text)):
      let error = RedisFault(text).error
      statistics.failed(error.kind)
      throw error
    case .success(let reply):
      statistics.answered(after: .nanoseconds(EventLoop.nanoseconds - started))
      return reply
    case .failure(let error):
      statistics.failed(error.kind)
      throw error
    }
  }
}

extension StateEvent {
  /// Reads what a script has published: group, name, revision and value, a line each but the last; or
  /// that everything was lost. What a ``RedisProbe`` has published is no news, nor is a loss that was
  /// found out here.
  init?(message: [UInt8], to schema: RedisSchema) {
    let lines = message.split(separator: 10, maxSplits: 3, omittingEmptySubsequences: false)
    guard lines.count == 4, let revision = Int64(String(decoding: lines[2], as: UTF8.self)) else {
      return nil
    }
    let key = StateKey(
      group: String(decoding: lines[0], as: UTF8.self),
      name: String(decoding: lines[1], as: UTF8.self))
    guard key != RedisProbe.key else { return nil }
    guard key == RedisSchema.lostName else {
      self = .changed(key, StoredValue(revision: revision, value: Array(lines[3])))
      return
    }
    guard !lines[3].elementsEqual(schema.writer.utf8) else { return nil }
    self = .replaced
  }
}
