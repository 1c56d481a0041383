import EventLoop
import State
import TestSupport
import Testing

@Suite("Redis of several servers", .bounded, .timeLimit(.minutes(10)))
struct RedisGroupTests {
  private func open(
    _ url: String, _ group: EventLoopGroup, options: String = ""
  ) async throws -> (any StateStore, StoreEvents) {
    let store = try await StateStores.open(
      StateURL(parsing: url + "?timeout=5s&connect_timeout=2s" + options), on: group.loops[0])
    let events = StoreEvents()
    store.listen(events.add)
    try await eventually("the store is there: \(events.all)") { store.isAvailable }
    return (store, events)
  }

  /// Sees that every promise is kept, each in a store of its own.
  private func keepsPromises(_ url: String, _ group: EventLoopGroup) async throws {
    for (index, check) in StoreCheck.all.enumerated() {
      let store = try await StateStores.open(
        StateURL(parsing: url + "?timeout=5s&connect_timeout=2s&prefix=\(index):"),
        on: group.loops[0])
      let events = StoreEvents()
      store.listen(events.add)
      try await eventually("the store is there: \(events.all)") { store.isAvailable }
      try await check.run(store, events)
      await store.close()
    }
  }

  /// Writes, and waits until a replica has it.
  private func write(
    _ value: UInt8, _ store: any StateStore, seenBy replica: RedisProcess
  ) async throws {
    try await store.write(.breaker, [value])
    let revision = try #require(try await store.get(.breaker)).revision
    let name = "easel:{\(StateKey.breaker.group)}\(StateKey.breaker.name)"
    try await eventually("the replica has it") {
      try await replica.command("HGET", name, "r").contains("\(revision)")
    }
  }

  @Test("sentinels: the master is found, and the next one when it has failed")
  func sentinels() async throws {
    let group = EventLoopGroup(count: 1)
    let servers = try await RedisSentinels.start()
    defer { servers.kill() }
    let (store, events) = try await open(servers.url, group)
    let first = try #require(try await servers.master())
    for server in servers.servers where server !== first {
      try await write(1, store, seenBy: server)
    }
    first.kill()
    try await eventually("the master is missed") { !store.isAvailable }
    try await eventually("the next one is found", within: .seconds(120)) { store.isAvailable }
    // The sentinel that is asked here may hear of it later than the one that the store has asked.
    try await eventually("the sentinels agree") {
      let second = try await servers.master()
      return second != nil && second !== first
    }
    #expect(try await store.get(.breaker)?.value == [1], "what was stored is still there")
    try await store.write(.breaker, [2])
    try await eventually("announcements are heard from it") {
      events.count { if case .changed(_, let stored) = $0 { stored.value == [2] } else { false } }
        == 1
    }
    #expect(
      events.count { if case .unavailable = $0 { true } else { false } } == 1,
      "the outage is told once: \(events.all)")
    await store.close()
    await group.shutdown()
  }

  @Test("sentinels: a master that is replaced is left, though it takes itself for the master still")
  func replacedMaster() async throws {
    let group = EventLoopGroup(count: 1)
    let servers = try await RedisSentinels.start()
    defer { servers.kill() }
    try await keepsPromises(servers.url, group)
    let (store, events) = try await open(servers.url, group)
    let first = try #require(try await servers.master())
    for server in servers.servers where server !== first {
      try await write(1, store, seenBy: server)
    }
    try await servers.failOver()
    try await eventually("the sentinels have replaced it") {
      try await servers.master() !== first
    }
    try await eventually("it is left, and the next one found") {
      events.count { $0 == .available } == 2 && store.isAvailable
    }
    #expect(try await store.get(.breaker)?.value == [1])
    let second = try #require(try await servers.master())
    try await write(2, store, seenBy: second)
    await store.close()
    await group.shutdown()
  }

  @Test("sentinels: those that want a user and a password are given them")
  func sentinelUser() async throws {
    let master = try await RedisProcess.start()
    let sentinel = try await RedisProcess.start(
      ["--sentinel"], file: "sentinel monitor main 127.0.0.1 \(master.port) 1\n")
    try await sentinel.command("ACL", "SETUSER", "easel", "on", ">canary", "+@all")
    try await sentinel.command("ACL", "SETUSER", "default", "off")
    let group = EventLoopGroup(count: 1)
    let (store, _) = try await open(
      "redis+sentinel://127.0.0.1:\(sentinel.port)/main", group,
      options: "&sentinel_user=easel&sentinel_password=canary")
    #expect(store.isAvailable)
    await store.close()
    await group.shutdown()
    sentinel.kill()
    master.kill()
  }

  @Test("sentinels: one that is cut off, and names a master that is gone, is left for another")
  func staleSentinel() async throws {
    let group = EventLoopGroup(count: 1)
    let loop = group.loops[0]
    func sentinel(naming port: Int) async throws -> Int {
      try await ScriptedPeer.listen(on: loop) { command in
        command == "SENTINEL" ? "*2\r\n$9\r\n127.0.0.1\r\n:\(port)\r\n" : nil
      }
    }
    let master = try await ScriptedPeer.listen(on: loop) { _ in nil }
    let nobody = try RefusingPort()
    defer { withExtendedLifetime(nobody) {} }
    let sentinels = [
      try await sentinel(naming: nobody.number), try await sentinel(naming: master),
    ]
    let hosts = sentinels.map { "127.0.0.1:\($0)" }.joined(separator: ",")
    let (store, _) = try await open("redis+sentinel://\(hosts)/main", group)
    #expect(store.isAvailable)
    await store.close()
    await group.shutdown()
  }

  @Test("a cluster: a master that is replaced while nobody asks it anything is told of")
  func replacedUnasked() async throws {
    let group = EventLoopGroup(count: 1)
    let servers = try await RedisCluster.start()
    defer { servers.kill() }
    // The others go on meanwhile.
    for server in servers.servers {
      try await server.command("CONFIG", "SET", "cluster-require-full-coverage", "no")
    }
    let (store, events) = try await open(servers.url, group)
    #expect(!events.contains(.replaced))
    // Not the first one, from which announcements are heard.
    let master = servers.servers[1]
    let replica = try await servers.replica(of: master)
    master.kill()
    try await eventually("it is told of, as one that may have lost something") {
      events.contains(.replaced)
    }
    #expect(try await replica.isMaster)
    #expect(store.isAvailable && store.statistics.counts.reconnects == 0)
    await store.close()
    await group.shutdown()
  }

  @Test("a cluster: another server tells what is announced once the one that did is gone")
  func otherGuide() async throws {
    let group = EventLoopGroup(count: 1)
    let servers = try await RedisCluster.start()
    defer { servers.kill() }
    // The others go on meanwhile.
    for server in servers.servers {
      try await server.command("CONFIG", "SET", "cluster-require-full-coverage", "no")
    }
    let (store, events) = try await open(servers.url, group)
    // A key that lies elsewhere.
    var found: StateKey?
    for number in 0..<1000 where found == nil {
      let key = StateKey(group: "breaker:chat/a/\(number)", name: "state")
      try await store.write(key, [1])
      let name = "easel:{\(key.group)}\(key.name)"
      if try await servers.servers[1].command("EXISTS", name).contains("1") { found = key }
    }
    let key = try #require(found)
    // One that ends within a second of its beginning is not followed by another at once. After that
    // the connection that hears of announcements is asked whether it is there.
    try await eventually("the server has lasted") {
      try await servers.servers[0].command("CLIENT", "LIST").split(separator: "\n").contains {
        $0.contains(" sub=1 ") && $0.contains("cmd=ping")
      }
    }
    servers.servers[0].kill()
    try await eventually("announcements are heard again") {
      try await store.write(key, [2])
      return events.count {
        if case .changed(key, let stored) = $0 { stored.value == [2] } else { false }
      } > 0
    }
    #expect(events.contains(.replaced), "what was not heard meanwhile is to be looked for")
    #expect(events.count { $0 == .available } == 1 && store.isAvailable, "\(events.all)")
    #expect(events.count { if case .unavailable = $0 { true } else { false } } == 0)
    await store.close()
    await group.shutdown()
  }

  @Test("a cluster: keys lie where they belong, moves are followed, a replica takes over")
  func cluster() async throws {
    let group = EventLoopGroup(count: 1)
    let servers = try await RedisCluster.start()
    defer { servers.kill() }
    try await keepsPromises(servers.url, group)
    let (store, events) = try await open(servers.url, group)
    let keys = (0..<60).map { StateKey(group: "breaker:chat/a/\($0)", name: "state") }
    for key in keys { try await store.write(key, [1]) }
    var sizes: [Int] = []
    for server in servers.servers.prefix(3) {
      sizes.append(Int(try await server.command("DBSIZE").filter(\.isNumber)) ?? 0)
    }
    #expect(sizes.allSatisfy { $0 > 5 }, "\(sizes)")
    try await eventually("all announcements are heard") {
      events.count { if case .changed = $0 { true } else { false } } == keys.count
    }
    try await moveSlot(of: keys[0], store, servers)
    // A master fails; its replica takes over.
    servers.servers[0].kill()
    for key in keys {
      try await eventually("\(key) can be written again", within: .seconds(120)) {
        (try? await store.write(key, [3])) != nil
      }
      #expect(try await store.get(key)?.value == [3])
    }
    await store.close()
    await group.shutdown()
  }

  @Test("a cluster: a flushed schema is written again, and another one is left")
  func clusterSchema() async throws {
    let group = EventLoopGroup(count: 1)
    let servers = try await RedisCluster.start(replicas: false)
    defer { servers.kill() }
    let (store, events) = try await open(servers.url, group)
    var holder: RedisProcess?
    for server in servers.servers
    where try await server.command("EXISTS", "easel:schema").hasPrefix("1") {
      holder = server
    }
    let server = try #require(holder)
    try await server.command("FLUSHALL")
    try await eventually("the schema is written again") {
      try await server.command("GET", "easel:schema") == "1\n"
    }
    #expect(store.isAvailable)
    try await server.command("SET", "easel:schema", "99")
    try await eventually("it is told") { "\(events.all)".contains("schema 99") }
    try await eventually("it is left") { !store.isAvailable }
    try await server.command("DEL", "easel:schema")
    try await eventually("it is used again") { store.isAvailable }
    await store.close()
    await group.shutdown()
  }

  /// Moves the slot of a key by hand, with the key in it, and uses the key meanwhile.
  private func moveSlot(
    of key: StateKey, _ store: any StateStore, _ cluster: RedisCluster
  ) async throws {
    let masters = cluster.servers.prefix(3)
    let name = "easel:{\(key.group)}\(key.name)"
    let slot = try await masters[0].command("CLUSTER", "KEYSLOT", name).filter(\.isNumber)
    var source: RedisProcess?
    for server in masters where try await server.command("EXISTS", name).contains("1") {
      source = server
    }
    let from = try #require(source)
    let to = try #require(masters.first { $0 !== from })
    let ids = (
      try await from.command("CLUSTER", "MYID").filter { !$0.isWhitespace },
      try await to.command("CLUSTER", "MYID").filter { !$0.isWhitespace }
    )
    try await to.command("CLUSTER", "SETSLOT", slot, "IMPORTING", ids.0)
    try await from.command("CLUSTER", "SETSLOT", slot, "MIGRATING", ids.1)
    #expect(try await store.get(key)?.value == [1], "not moved yet")
    try await from.command("MIGRATE", "127.0.0.1", "\(to.port)", name, "0", "5000")
    #expect(try await store.get(key)?.value == [1], "asked for where it is")
    for server in masters { try await server.command("CLUSTER", "SETSLOT", slot, "NODE", ids.1) }
    try await store.write(key, [2])
    #expect(try await store.get(key)?.value == [2], "moved")
  }
}
