import Testing

@testable import State

@Suite("Redis: slots, waits, errors and names")
struct RedisPartsTests {
  @Test(
    "a key lies in the slot of what stands in its first braces",
    arguments: [
      // The cluster specification's own vector, and what redis-cli's CLUSTER KEYSLOT says.
      ("123456789", 0x31C3), ("foo", 12182), ("bar", 5061), ("hello", 866), ("", 0),
      ("{foo}bar", 12182), ("x{foo}{bar}", 12182), ("foo{}bar", 14292), ("foo{{bar}}zap", 4015),
      ("{", 4092), ("a}{foo", 5560),
    ])
  func slots(_ key: String, _ slot: Int) {
    #expect(ClusterSlots.slot(of: Array(key.utf8)) == slot)
  }

  private let host = RedisURL.Host(name: "10.0.0.1", port: 7000)

  @Test("the map of a cluster is read, and one that makes no sense is not")
  func map() throws {
    func range(_ first: Int64, _ last: Int64, _ name: RedisReply, _ port: Int64) -> RedisReply {
      .array([.integer(first), .integer(last), .array([name, .integer(port), .bulk([97])])])
    }
    let map = try #require(
      ClusterMap(
        .array([
          range(0, 99, .bulk(Array("a".utf8)), 1), range(100, 100, .bulk([]), 2),
          range(101, 102, .null, 3),
        ]),
        asked: host))
    #expect(map[0]?.description == "a:1" && map[99]?.description == "a:1")
    #expect(map[100]?.description == "10.0.0.1:2", "a server without a name means itself")
    #expect(map[102]?.description == "10.0.0.1:3" && map[103] == nil)
    #expect(map.masters.map(\.port) == [1, 2, 3])
    for wrong: RedisReply in [
      .array([]), .null, .status("OK"), .array([range(5, 4, .null, 1)]),
      .array([range(-1, 4, .null, 1)]), .array([range(0, 16384, .null, 1)]),
      .array([range(0, 1, .null, 0)]), .array([.array([.integer(0), .integer(1)])]),
    ] {
      #expect(ClusterMap(wrong, asked: host) == nil)
    }
  }

  @Test("a server's word that a key lies elsewhere is understood")
  func redirections() {
    func read(_ text: String) -> ClusterRedirection? { ClusterRedirection(text, asked: host) }
    #expect(read("MOVED 3999 a.b:6381") == .moved(slot: 3999, .init(name: "a.b", port: 6381)))
    #expect(read("ASK 0 [::1]:1") == .ask(.init(name: "::1", port: 1)))
    #expect(read("ASK 0 ::1:1") == .ask(.init(name: "::1", port: 1)))
    #expect(read("MOVED 1 :2") == .moved(slot: 1, .init(name: "10.0.0.1", port: 2)))
    for text in ["MOVED", "MOVED 16384 a:1", "MOVED 1 a", "MOVED 1 a:0", "OK 1 a:1", "MOVED x a:1"]
    {
      #expect(read(text) == nil, "\(text)")
    }
  }

  @Test("waits grow to 10 s, are never nothing, and begin anew after a connection that lasted")
  func backoff() {
    var backoff = RedisBackoff()
    for longest in [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000] {
      let wait = backoff.next()
      #expect(wait >= .milliseconds(50) && wait <= .milliseconds(longest))
    }
    backoff.ended(after: .seconds(1))
    var waits: [Duration] = []
    for _ in 0..<100 { waits.append(backoff.next()) }
    #expect(waits.contains { $0 > .seconds(1) })
    #expect(Set(waits).count > 50, "they are random")
    backoff.ended(after: .seconds(11))
    #expect(backoff.next() <= .milliseconds(100))
  }

  @Test(
    "errors of servers are told by kind, without what was sent",
    arguments: [
      ("READONLY You can't write against a read only replica.", .unavailable, true),
      ("LOADING Redis is loading the dataset in memory", .unavailable, true),
      ("NOAUTH Authentication required.", .unavailable, true),
      ("WRONGPASS invalid username-password pair canary", .unavailable, true),
      ("CLUSTERDOWN The cluster is down", .unavailable, false),
      ("MASTERDOWN Link with MASTER is down", .unavailable, false),
      ("OOM command not allowed", .refused, false),
      ("MISCONF Redis is configured to save RDB snapshots", .refused, false),
      ("NOPERM this user has no permissions to run the 'ping' command", .refused, false),
      ("ERR The user executing the script can't run this script: canary", .refused, false),
      ("ERR unknown command 'GET', with args beginning with: 'canary'", .refused, false),
      ("ERR unknown command `GET`, with args beginning with: `canary`", .refused, false),
      ("", .refused, false),
    ] as [(String, StateError.Kind, Bool)])
  func faults(_ text: String, _ kind: StateError.Kind, _ endsConnection: Bool) {
    let fault = RedisFault(text)
    #expect(fault.error.kind == kind && fault.endsConnection == endsConnection)
    #expect(!fault.error.description.contains("canary"))
    let ofPassword = RedisFault.ofPassword(text)
    #expect(ofPassword.kind == .unavailable && !ofPassword.description.contains("canary"))
  }

  @Test("names begin with the prefix, and those of a group lie in one slot")
  func names() {
    let schema = RedisSchema(prefix: "easel:", database: 0)
    let names = ["state", "window:1", "}{"].flatMap { name in
      [schema.value, schema.window].map { $0(StateKey(group: "a}b{%", name: name)) }
    }
    #expect(Set(names).count == 6)
    #expect(Set(names.map(ClusterSlots.slot)).count == 1)
    #expect(names.allSatisfy { $0.starts(with: Array("easel:".utf8)) })
    #expect(names[0] == Array("easel:{a%7db%7b%25}state".utf8))
    #expect(schema.channel == "easel:changes")
    #expect(RedisSchema(prefix: "easel:", database: 3).channel == "easel:changes/3")
  }

  @Test("announcements are read as they were published, and others are not")
  func announcements() {
    let schema = RedisSchema(prefix: "easel:", database: 0)
    let message = Array("a b\nname\n7\n\nvalue\n".utf8)
    #expect(
      StateEvent(message: message, to: schema)
        == .changed(
          StateKey(group: "a b", name: "name"),
          StoredValue(revision: 7, value: Array("\nvalue\n".utf8))))
    for text in ["", "a\nb\nc\nd", "a\nb\n7", "a\nb\n\nd", "probe\nrights\n7\n"] {
      #expect(StateEvent(message: Array(text.utf8), to: schema) == nil)
    }
    // A loss is news of everybody's but the reader's own; older versions name nobody.
    for (writer, event) in [("", .replaced), ("other", .replaced), (schema.writer, nil)]
      as [(String, StateEvent?)]
    {
      #expect(StateEvent(message: Array("schema\nlost\n1\n\(writer)".utf8), to: schema) == event)
    }
  }
}
