import EventLoop
import State
import Synchronization
import TestSupport
import Testing

/// Something that listens where a Redis should, and says what it was told to say.
final class FakePeer: TCPStreamHandler, @unchecked Sendable {
  // Used on its loop alone, but for the listener's port.
  private let answer: [UInt8]
  private var streams: [TCPStream] = []

  init(_ answer: String) { self.answer = Array(answer.utf8) }

  func accept(_ stream: TCPStream) {
    streams.append(stream)
    stream.handler = self
    stream.resumeReading()
  }

  func stream(_ stream: TCPStream, didRead bytes: Span<UInt8>) { stream.write(answer) }
  func streamDidReadEOF(_ stream: TCPStream) { stream.close() }
  func streamDidDrain(_ stream: TCPStream) {}
  func streamDidTimeOut(_ stream: TCPStream) {}
  func stream(_ stream: TCPStream, didCloseWith error: StreamError?) {}
}

@Suite("A peer that is no proper Redis", .bounded, .timeLimit(.minutes(10)))
struct RedisPeerTests {
  @Test(
    "is told as what it is, crashes nobody, and is asked again",
    arguments: [
      "HTTP/1.1 200 OK\r\n\r\n", "+OK\r\n+OK\r\n+OK\r\n+OK\r\n", "-LOADING Redis is loading\r\n",
      "-NOAUTH Authentication required.\r\n", "$-5\r\n", "$99999999999999\r\n", "*3\r\n$3\r\nfoo",
      "*-7\r\n", ":x\r\n", "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n",
      "$4\r\nabcdXX", "", "\0\0\0", "*2\r\n$7\r\nmessage\r\n$1\r\na\r\n", "%1\r\n+a\r\n+b\r\n",
      "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$0\r\n\r\n", "-READONLY You can't write\r\n",
      "*2000000000\r\n", "$2147483647\r\nabc",
    ])
  func garbage(_ answer: String) async throws {
    let group = EventLoopGroup(count: 1)
    let loop = group.loops[0]
    let peer = FakePeer(answer)
    let address = try #require(SocketAddress(ip: "127.0.0.1", port: 0))
    let port = try await loop.run {
      try TCPListener(loop, at: address) { peer.accept($0) }.address.port
    }
    let store = try await StateStores.open(
      StateURL(parsing: "redis://127.0.0.1:\(port)?timeout=20ms"), on: loop)
    let events = StoreEvents()
    store.listen(events.add)
    try await eventually("it is told") { !events.all.isEmpty }
    #expect(!store.isAvailable)
    #expect(!events.contains(.available))
    await store.close()
    await group.shutdown()
  }

  /// Opens the store of a peer that answers commands as it is told to.
  private func with(
    _ options: String = "?timeout=5s",
    _ answer: @escaping @Sendable (String) -> String?,
    _ body: (any StateStore, StoreEvents) async throws -> Void
  ) async throws {
    let group = EventLoopGroup(count: 1)
    let port = try await ScriptedPeer.listen(on: group.loops[0], answer)
    let store = try await StateStores.open(
      StateURL(parsing: "redis://127.0.0.1:\(port)\(options)"), on: group.loops[0])
    let events = StoreEvents()
    store.listen(events.add)
    try await body(store, events)
    await store.close()
    await group.shutdown()
  }

  @Test(
    "that answers commands with nonsense fails them, and is left where it must be",
    arguments: [
      ("*3\r\n:1\r\n", .timedOut, true), (":1\r\n", .malformed, false),
      ("*2\r\n:7\r\n*0\r\n", .malformed, false), ("*1\r\n$-1\r\n", .malformed, false),
      ("+OK\r\n+OK\r\n", .malformed, true), ("nonsense\r\n", .malformed, true),
      ("-ERR canary\r\n", .refused, false), ("-OOM canary\r\n", .refused, false),
      ("-MOVED 1 127.0.0.1:1\r\n", .refused, false), ("-NOSCRIPT\r\n", .refused, false),
      ("-READONLY\r\n", .unavailable, true), ("-NOAUTH\r\n", .unavailable, true),
      ("-LOADING\r\n", .unavailable, true), ("-CLUSTERDOWN\r\n", .unavailable, false),
      ("*2000000000\r\n", .malformed, true), ("$99999999999999999999\r\n", .malformed, true),
    ] as [(String, StateError.Kind, Bool)])
  func nonsense(_ answer: String, _ kind: StateError.Kind, isLeft: Bool) async throws {
    let options = kind == .timedOut ? "?timeout=50ms" : "?timeout=5s"
    try await with(options) {
      $0 == "HMGET" ? answer : nil
    } _: { store, events in
      try await eventually("it is there: \(events.all)") { store.isAvailable }
      let error = await #expect(throws: StateError.self) { try await store.get(.breaker) }
      #expect(error?.kind == kind)
      guard isLeft else { return #expect(store.isAvailable) }
      try await eventually("it is connected to again") { store.statistics.counts.reconnects >= 1 }
      let outages = events.all.filter { if case .unavailable = $0 { true } else { false } }
      #expect(outages.count == 1 && !"\(outages)".contains("canary"))
    }
  }

  @Test(
    "that answers a writing with nonsense fails it",
    arguments: [
      ":1\r\n", "*0\r\n", "*2\r\n:1\r\n$1\r\nx\r\n", "*1\r\n:1\r\n",
      "*3\r\n:0\r\n$1\r\nx\r\n:1\r\n",
      "*2\r\n:7\r\n:7\r\n", "*3\r\n:1\r\n:1\r\n:1\r\n",
    ])
  func nonsenseWhenWriting(_ answer: String) async throws {
    try await with {
      $0 == "EVALSHA" ? answer : nil
    } _: { store, events in
      try await eventually("it is there: \(events.all)") { store.isAvailable }
      let error = await #expect(throws: StateError.self) {
        try await store.set(.breaker, [1], ifRevision: 0)
      }
      #expect(error?.kind == .malformed)
      let second = await #expect(throws: StateError.self) {
        try await store.count(
          .breaker, by: "a", [1: [1, 2, 3, 4]],
          over: CountedWindow(newest: 1, parts: 3, counters: 4), lifetime: .seconds(60))
      }
      #expect(second?.kind == .malformed)
    }
  }

  @Test("that lets commands wait gets no more than so many, and the rest fail at once")
  func crowded() async throws {
    try await with("?timeout=1s") {
      $0 == "HMGET" ? "" : nil
    } _: { store, events in
      try await eventually("it is there: \(events.all)") { store.isAvailable }
      let kinds = await withTaskGroup(of: StateError.Kind?.self) { group in
        for _ in 0..<12_000 {
          group.addTask {
            do throws(StateError) {
              _ = try await store.get(.breaker)
              return nil
            } catch { return error.kind }
          }
        }
        return await group.reduce(into: [StateError.Kind?: Int]()) { $0[$1, default: 0] += 1 }
      }
      #expect(kinds.keys.allSatisfy { $0 != nil })
      #expect(kinds[.timedOut, default: 0] <= 10_000, "\(kinds)")
      #expect(kinds[.unavailable, default: 0] >= 2000, "\(kinds)")
    }
  }

  @Test("a server's clock that is set while it is connected is followed")
  func clockStep() async throws {
    let group = EventLoopGroup(count: 1)
    let seconds = Mutex(1_700_000_000)
    let port = try await ScriptedPeer.listen(on: group.loops[0]) { command in
      guard command == "TIME" else { return nil }
      return "*2\r\n$10\r\n\(seconds.withLock { $0 })\r\n$1\r\n0\r\n"
    }
    let store = try await StateStores.open(
      StateURL(parsing: "redis://127.0.0.1:\(port)?timeout=5s"), on: group.loops[0])
    let events = StoreEvents()
    store.listen(events.add)
    try await eventually("the store is there") { store.isAvailable }
    let before = store.clock.shift
    seconds.withLock { $0 += 100_000 }
    try await eventually("it is followed, and told of") {
      store.clock.shift - before > 99_000_000 && events.contains(.replaced)
    }
    #expect(store.isAvailable)
    await store.close()
    await group.shutdown()
  }
}
