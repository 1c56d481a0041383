import Foundation
import State
import TestSupport
import Testing

@Suite("A Redis that does not let everyone in", .bounded, .timeLimit(.minutes(10)))
struct RedisAccessTests {
  @Test("passwords, users and databases are used, and a wrong password is told without it")
  func passwords() async throws {
    let server = try await RedisProcess.start(["--requirepass", "canary secret"])
    let host = "127.0.0.1:\(server.port)"
    try await server.command(
      [
        "ACL", "SETUSER", "easel", "on", ">canary/2", "~easel:*", "&easel:*", "+@all", "-@admin",
        "-@dangerous",
      ], password: "canary secret")
    for url in ["redis://:canary%20secret@\(host)/3", "redis://easel:canary%2F2@\(host)"] {
      try await withStore(url + "?timeout=5s") { store, events in
        try await eventually("it is there: \(events.all)") { store.isAvailable }
        try await store.write(.breaker, [1])
      }
    }
    for url in ["redis://:canary3@\(host)", "redis://\(host)"] {
      try await withStore(url + "?timeout=5s") { store, events in
        try await eventually("the refusal is told") { !events.all.isEmpty }
        #expect(!"\(events.all)".contains("canary"))
        #expect("\(events.all)".contains("password"))
        #expect(!store.isAvailable)
      }
    }
  }

  @Test("a user who has lost the right to a key is told so, and nothing else breaks")
  func permissions() async throws {
    let server = try await RedisProcess.start()
    try await withStore(server.url + "?timeout=5s") { store, events in
      try await eventually("it is there: \(events.all)") { store.isAvailable }
      try await server.command(
        "ACL", "SETUSER", "default", "on", "nopass", "resetkeys", "~easel:schema",
        "allchannels", "+@all")
      let error = await #expect(throws: StateError.self) { try await store.write(.breaker, [1]) }
      #expect(error?.kind == .refused)
      #expect(store.isAvailable)
    }
    try await withStore(server.url + "?timeout=5s") { store, events in
      try await eventually("it is told when it connects") { "\(events.all)".contains("NOPERM") }
      #expect(!store.isAvailable)
    }
  }

  @Test("a user who may load no scripts sends them, and one without other rights is told so")
  func scripts() async throws {
    let server = try await RedisProcess.start()
    try await server.command(
      "ACL", "SETUSER", "default", "on", "nopass", "resetkeys", "resetchannels", "~easel:*",
      "&easel:*", "+@all", "-script|load", "-role")
    try await withStore(server.url + "?timeout=5s") { store, events in
      try await eventually("it is there: \(events.all)") { store.isAvailable }
      try await store.write(.breaker, [1])
      _ = try await store.count(.breaker, [1: 1], at: 1)
    }
    try await server.command("ACL", "SETUSER", "default", "resetchannels")
    try await withStore(server.url + "?timeout=5s") { store, events in
      try await eventually("it is told") { "\(events.all)".contains("NOPERM") }
      #expect(!store.isAvailable)
    }
  }

  @Test("a store of another schema is left alone")
  func schema() async throws {
    let server = try await RedisProcess.start()
    try await server.command("SET", "easel:schema", "99")
    try await withStore(server.url + "?timeout=5s") { store, events in
      try await eventually("it is told") { "\(events.all)".contains("schema 99") }
      #expect(!store.isAvailable)
    }
    try await withStore(server.url + "?timeout=5s&prefix=other:") { store, _ in
      try await eventually("another prefix is another store") { store.isAvailable }
    }
  }

  @Test("a flushed store has its schema again, and is left where another one has come")
  func schemaFlushed() async throws {
    let server = try await RedisProcess.start()
    try await withStore(server.url + "?timeout=5s") { store, events in
      try await eventually("it is there") { store.isAvailable }
      try await server.command("FLUSHALL")
      try await eventually("the schema is written again") {
        try await server.command("GET", "easel:schema") == "1\n"
      }
      try await eventually("what else was there is told to be gone") { events.contains(.replaced) }
      #expect(store.isAvailable)
      #expect(store.statistics.counts.reconnects == 0)
      try await server.command("SET", "easel:schema", "99")
      try await eventually("it is told") { "\(events.all)".contains("schema 99") }
      try await eventually("it is left") { !store.isAvailable }
      try await server.command("DEL", "easel:schema")
      try await eventually("it is used again") { store.isAvailable }
    }
  }

  @Test("a server by TLS is trusted only by its authority, and spoken to when it is")
  func tls() async throws {
    var tests = URL(fileURLWithPath: #filePath)
    for _ in 0..<2 { tests.deleteLastPathComponent() }
    let files = tests.appendingPathComponent("EventLoopTests/Fixtures/tls").path
    let port = try FreePort.next()
    let server = try await RedisProcess.start([
      "--tls-port", "\(port)", "--tls-cert-file", "\(files)/server.pem", "--tls-key-file",
      "\(files)/server.key", "--tls-ca-cert-file", "\(files)/authority.pem", "--tls-auth-clients",
      "no",
    ])
    let url = "rediss://localhost:\(port)?timeout=5s&connect_timeout=5s"
    try await withStore(url + "&ca_file=\(files)/authority.pem") { store, events in
      try await eventually("it is there: \(events.all)") { store.isAvailable }
      try await store.write(.breaker, Array(repeating: 7, count: 1 << 20))
      #expect(try await store.get(.breaker)?.value.count == 1 << 20)
    }
    try await withStore(url) { store, events in
      try await eventually("the distrust is told") { "\(events.all)".contains("TLS") }
      #expect(!store.isAvailable)
    }
    try await withStore("redis://localhost:\(port)?timeout=5s") { store, events in
      try await eventually("it is told") { !events.all.isEmpty }
      #expect(!store.isAvailable)
    }
    let missing = await #expect(throws: StateError.self) {
      try await withStore(url + "&ca_file=/nowhere.pem") { _, _ in }
    }
    #expect(missing?.description.contains("authorities") == true)
    server.kill()
  }
}
