import EventLoop
import Images
import OpenAIWire
import State
import TestSupport
import Testing

@testable import Gateway

@Suite("Requests that gateways remember for each other", .bounded, .timeLimit(.minutes(5)))
struct SharedPaidRequestsTests {
  private static func kept(_ id: String) throws(OpenAIError) -> KeptPictures {
    let text =
      #"{"provider":"p","model":"m","cost":0.04,"adjusted":[],"passedOver":[],"images":["#
      + #"{"format":"png"}],"pictures":[{"id":"\#(id)","url":"https://h/\#(id)"}]}"#
    guard let object = try? JSONSlice.parse(Array(text.utf8)), let kept = KeptPictures(json: object)
    else { throw .internal("the test's own pictures cannot be read") }
    return kept
  }

  private func onLoop(_ body: @escaping @Sendable (EventLoop) async throws -> Void) async throws {
    let group = EventLoopGroup(count: 1)
    let loop = group.loops[0]
    try await loop.run { try await body(loop) }
    await group.shutdown()
  }

  @Test("what was paid for is told to a store that is slower than a request waits")
  func slow() async throws {
    try await onLoop { loop in
      let memory = MemoryStore()
      let here = SharedPaidRequests(
        BriefStore(SlowStore(memory), limit: .milliseconds(1)))
      let there = SharedPaidRequests(BriefStore(memory, limit: .seconds(5)))
      let drawn = try await here.once("key", fingerprint: "f", on: loop) { () throws(OpenAIError) in
        try Self.kept("a")
      }
      #expect(drawn.pictures.map(\.id) == ["a"])
      var ids: [String] = []
      try await eventually("the other one knows") {
        guard case .success(let kept)? = await there.outcome(of: "key", on: loop) else {
          return false
        }
        ids = kept.pictures.map(\.id)
        return true
      }
      #expect(ids == ["a"])
    }
  }

  @Test("what fails, or is of another version, keeps nobody from drawing")
  func goesOn() async throws {
    try await onLoop { loop in
      let memory = MemoryStore()
      let store = BriefStore(memory, limit: .seconds(5))
      let (here, there) = (SharedPaidRequests(store), SharedPaidRequests(store))
      let failure = await #expect(throws: OpenAIError.self) {
        try await here.once("key", fingerprint: "f", on: loop) { () throws(OpenAIError) in
          throw .unavailable("down")
        }
      }
      #expect(failure?.status == 503)
      let drawn = try await there.once("key", fingerprint: "f", on: loop) {
        () throws(OpenAIError) in try Self.kept("b")
      }
      #expect(drawn.pictures.map(\.id) == ["b"])
      let reused = await #expect(throws: OpenAIError.self) {
        try await here.once("key", fingerprint: "g", on: loop) { () throws(OpenAIError) in
          try Self.kept("c")
        }
      }
      #expect(reused?.status == 422)
      if await here.outcome(of: "other", on: loop) != nil { Issue.record("nobody drew it") }
      let text = Array("of another version".utf8)
      let group = "paid:\(Digest.hex(Digest.sha256(Array("odd".utf8))))"
      try await memory.put(
        StateKey(group: group, name: "pictures"), text, lifetime: .seconds(60))
      let odd = try await here.once("odd", fingerprint: "f", on: loop) { () throws(OpenAIError) in
        try Self.kept("d")
      }
      #expect(odd.pictures.map(\.id) == ["d"])
    }
  }
}

/// A store that takes a while for each writing.
private struct SlowStore: StateStore {
  private let store: MemoryStore

  init(_ store: MemoryStore) { self.store = store }

  private func wait() async {
    // Not a time that a test waits for: it is longer than requests wait.
    try? await Task.sleep(for: .milliseconds(100))
  }

  func get(_ key: StateKey) async throws(StateError) -> StoredValue? { try await store.get(key) }

  func compareAndSet(
    _ key: StateKey, revision: Int64, to value: [UInt8], lifetime: Duration, announced: Bool
  ) async throws(StateError) -> CompareAndSetResult {
    await wait()
    return try await store.compareAndSet(
      key, revision: revision, to: value, lifetime: lifetime, announced: announced)
  }

  func put(_ key: StateKey, _ value: [UInt8], lifetime: Duration) async throws(StateError) {
    await wait()
    try await store.put(key, value, lifetime: lifetime)
  }

  func remove(_ key: StateKey) async throws(StateError) { try await store.remove(key) }

  func count(
    _ key: StateKey, bucket: Int64, window: Int64, adding: [Int64], lifetime: Duration
  ) async throws(StateError) -> [Int64] {
    try await store.count(key, bucket: bucket, window: window, adding: adding, lifetime: lifetime)
  }

  func listen(_ listener: @escaping @Sendable (StateEvent) -> Void) { store.listen(listener) }
  var isAvailable: Bool { store.isAvailable }
  var clock: SharedClock { store.clock }
  var statistics: StateStatistics { store.statistics }
  func close() async { await store.close() }
}
