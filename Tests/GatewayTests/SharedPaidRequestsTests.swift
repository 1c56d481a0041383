import EventLoop
import Images
import OpenAIWire
import Resilience
import State
import Synchronization
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
      let store = HeldStore(memory, isHeld: true)
      let here = SharedPaidRequests(BriefStore(store, limit: .milliseconds(1)))
      let there = SharedPaidRequests(BriefStore(memory, limit: .seconds(5)))
      let drawn = try await here.once("key", fingerprint: "f", on: loop) { () throws(OpenAIError) in
        try Self.kept("a")
      }
      #expect(drawn.pictures.map(\.id) == ["a"])
      store.release()
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

  @Test("a try that comes to nothing takes the place of no picture that another gateway has made")
  func nothing() async throws {
    try await onLoop { loop in
      let store = BriefStore(MemoryStore(), limit: .seconds(5))
      let (here, there, elsewhere) = (
        SharedPaidRequests(store), SharedPaidRequests(store), SharedPaidRequests(store)
      )
      let text = Array(
        (#"{"provider":"p","model":"m","adjusted":[],"passedOver":[],"images":[],"pictures":[],"#
          + #""missing":1,"risked":["p"]}"#).utf8)
      let empty = try #require(KeptPictures(json: try JSONSlice.parse(text)))
      let (started, end) = (LoopEvent<Void>(), LoopEvent<Void>())
      let first = loop.spawn {
        _ = try? await here.anew("print", on: loop) { () throws(OpenAIError) in
          started.fire(())
          await end.wait()
          return empty
        }
      }
      await started.wait()
      _ = try await there.anew("print", on: loop) { () throws(OpenAIError) in
        try Self.kept("whole")
      }
      end.fire(())
      await first.value
      let known = try await elsewhere.outcome(of: "print", on: loop)?.get()
      #expect(known?.pictures.map(\.id) == ["whole"])
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

  @Test("a failure that may have been paid for is what a repetition gets, wherever it comes")
  func paidFailure() async throws {
    try await onLoop { loop in
      let memory = MemoryStore()
      let store = BriefStore(memory, limit: .seconds(5))
      let (here, there) = (SharedPaidRequests(store), SharedPaidRequests(store))
      var paid = OpenAIError.timeout("p took longer than 5 seconds.")
      paid.shouldRetry = false
      let error = paid
      _ = try? await here.once("key", fingerprint: "f", on: loop) { () throws(OpenAIError) in
        throw error
      }
      _ = try? await here.anew("print", on: loop) { () throws(OpenAIError) in throw error }
      for gateway in [here, there] {
        let failure = await #expect(throws: OpenAIError.self) {
          try await gateway.once("key", fingerprint: "f", on: loop) { () throws(OpenAIError) in
            Issue.record("it is drawn again")
            return try Self.kept("a")
          }
        }
        #expect(failure?.status == 504 && failure?.shouldRetry == false)
        #expect(failure?.message == paid.message && failure?.code == paid.code)
        guard case .failure(let known)? = await gateway.outcome(of: "print", on: loop) else {
          Issue.record("nothing is known")
          continue
        }
        #expect(known.status == 504 && known.shouldRetry == false)
      }
      // Once it is forgotten where it failed, nobody else tells it any longer.
      let group = "paid:\(Digest.hex(Digest.sha256(Array("key".utf8))))"
      try await memory.remove(StateKey(group: group, name: "pictures"))
      let late = try await there.once("key", fingerprint: "f", on: loop) { () throws(OpenAIError) in
        try Self.kept("c")
      }
      #expect(late.pictures.map(\.id) == ["c"])
      // A request that is no repetition is a new one.
      let drawn = try await there.anew("print", on: loop) { () throws(OpenAIError) in
        try Self.kept("b")
      }
      #expect(drawn.pictures.map(\.id) == ["b"])
      #expect(Self.ids(await there.outcome(of: "print", on: loop)) == ["b"])
    }
  }

  /// What the try of a client is to do: it is told when to end, and how.
  private final class Try {
    let started = LoopEvent<Void>()
    let end = LoopEvent<Result<KeptPictures, OpenAIError>>()

    func draw() async throws(OpenAIError) -> KeptPictures {
      started.fire(())
      return try await end.wait().get()
    }
  }

  private static let failure = Result<KeptPictures, OpenAIError>.failure(.unavailable("down"))

  /// The ids of what a request came to.
  private static func ids(_ outcome: PaidRequests.Outcome?) -> [String]? {
    (try? outcome?.get())?.pictures.map(\.id)
  }

  @Test(
    "what one try has paid for stays, though another one of the same request fails beside it",
    arguments: [true, false], [true, false])
  func beside(isShared: Bool, laterFailsFirst: Bool) async throws {
    try await onLoop { loop in
      let store = BriefStore(MemoryStore(), limit: .seconds(5))
      let first = SharedPaidRequests(store)
      let second = isShared ? SharedPaidRequests(store) : first
      let (one, other) = (Try(), Try())
      let paid = loop.spawn {
        _ = try? await first.anew("key", on: loop) { () async throws(OpenAIError) in
          try await one.draw()
        }
      }
      await one.started.wait()
      let failed = loop.spawn {
        _ = try? await second.anew("key", on: loop) { () async throws(OpenAIError) in
          try await other.draw()
        }
      }
      await other.started.wait()
      if laterFailsFirst {
        other.end.fire(Self.failure)
        await failed.value
      }
      one.end.fire(.success(try Self.kept("a")))
      await paid.value
      if !laterFailsFirst {
        other.end.fire(Self.failure)
        await failed.value
      }
      let everyone = isShared ? [first, second, SharedPaidRequests(store)] : [first]
      for gateway in everyone {
        #expect(Self.ids(await gateway.outcome(of: "key", on: loop)) == ["a"])
      }
    }
  }

  @Test(
    "a repetition waits for another gateway's picture, though a look at it comes too late",
    arguments: [true, false])
  func lateLook(hasKey: Bool) async throws {
    try await onLoop { loop in
      let memory = MemoryStore()
      let here = SharedPaidRequests(BriefStore(memory, limit: .seconds(100)))
      let store = HeldStore(memory, isHeld: false)
      let there = SharedPaidRequests(BriefStore(store, limit: .milliseconds(500)))
      let first = Try()
      let drawing = loop.spawn {
        _ = try? await here.once("key", fingerprint: "f", on: loop) {
          () async throws(OpenAIError) in try await first.draw()
        }
      }
      await first.started.wait()
      let repetition = LoopEvent<[String]?>()
      let waiting = loop.spawn {
        await StoreWait.$current.withValue(StoreWait()) {
          guard hasKey else {
            repetition.fire(Self.ids(await there.outcome(of: "key", on: loop)))
            return
          }
          let kept = try? await there.once("key", fingerprint: "f", on: loop) {
            () throws(OpenAIError) in try Self.kept("b")
          }
          repetition.fire(kept?.pictures.map(\.id))
        }
      }
      try await eventually("it has looked") { store.asked > 1 }
      store.hold()
      let late = store.asked + 2
      try await eventually("it looks again after a look that came too late") { store.asked >= late }
      store.release()
      first.end.fire(.success(try Self.kept("a")))
      await drawing.value
      #expect(await repetition.wait() == ["a"])
      await waiting.value
    }
  }

  @Test("a gateway that has lost its lease takes back nothing of the one that draws now")
  func lostLease() async throws {
    try await onLoop { loop in
      let memory = MemoryStore()
      let gateway = SharedPaidRequests(BriefStore(memory, limit: .seconds(5)))
      let key = StateKey(
        group: "paid:\(Digest.hex(Digest.sha256(Array("key".utf8))))", name: "pictures")
      let ours = Try()
      let drawing = loop.spawn {
        _ = try? await gateway.once("key", fingerprint: "f", on: loop) {
          () async throws(OpenAIError) in try await ours.draw()
        }
      }
      await ours.started.wait()
      let own = try await memory.get(key)
      #expect(own != nil)
      // The lease is over, and another gateway draws.
      let theirs = PaidClaim(key, fingerprint: "f")
      try await theirs.take(in: memory)
      ours.end.fire(Self.failure)
      await drawing.value
      let left = try await memory.get(key)
      #expect(left.map(theirs.isOwn) == true)
      // A renewal of it that was slow says nothing after the end.
      theirs.end()
      try await memory.remove(key)
      try await theirs.renew(in: memory)
      #expect(try await memory.get(key) == nil)
    }
  }

  @Test("a claim that the store has kept, though it was slow to say so, is this gateway's own")
  func slowClaim() async throws {
    try await onLoop { loop in
      let memory = MemoryStore()
      let key = StateKey(group: "paid:x", name: "pictures")
      let (ours, theirs) = (
        PaidClaim(key, fingerprint: "f"), PaidClaim(key, fingerprint: "f")
      )
      try await ours.take(in: memory)
      let value = try #require(try await memory.get(key))
      #expect(ours.isOwn(value) && !theirs.isOwn(value))
      try await theirs.renew(in: memory)
      try await theirs.withdraw(in: memory)
      let still = try #require(try await memory.get(key))
      #expect(ours.isOwn(still))
      try await ours.withdraw(in: memory)
      try await eventually("it is taken back") { try await memory.get(key) == nil }
    }
  }
}

/// A store that answers nothing while it is held, and does then all that it was asked.
private final class HeldStore: StateStore {
  private let store: MemoryStore
  private let isHeld: Atomic<Bool>
  private let count = Atomic(0)

  init(_ store: MemoryStore, isHeld: Bool) {
    self.store = store
    self.isHeld = Atomic(isHeld)
  }

  /// How often it was asked for a value, or to change one.
  var asked: Int { count.load(ordering: .relaxed) }

  func hold() { isHeld.store(true, ordering: .relaxed) }
  func release() { isHeld.store(false, ordering: .relaxed) }

  private func ask() async {
    count.wrappingAdd(1, ordering: .relaxed)
    while isHeld.load(ordering: .relaxed) { try? await Task.sleep(for: .milliseconds(5)) }
  }

  func get(_ key: StateKey) async throws(StateError) -> StoredValue? {
    await ask()
    return try await store.get(key)
  }

  func compareAndSet(
    _ key: StateKey, revision: Int64, to value: [UInt8], lifetime: Duration, announced: Bool
  ) async throws(StateError) -> CompareAndSetResult {
    await ask()
    return try await store.compareAndSet(
      key, revision: revision, to: value, lifetime: lifetime, announced: announced)
  }

  func put(_ key: StateKey, _ value: [UInt8], lifetime: Duration) async throws(StateError) {
    await ask()
    try await store.put(key, value, lifetime: lifetime)
  }

  func remove(_ key: StateKey) async throws(StateError) { try await store.remove(key) }

  func count(
    _ key: StateKey, by member: String, _ told: PartCounts, over window: CountedWindow,
    lifetime: Duration
  ) async throws(StateError) -> [Int64] {
    try await store.count(key, by: member, told, over: window, lifetime: lifetime)
  }
  func listen(_ listener: @escaping @Sendable (StateEvent) -> Void) { store.listen(listener) }
  var isAvailable: Bool { store.isAvailable }
  var clock: SharedClock { store.clock }
  var statistics: StateStatistics { store.statistics }
  func close() async { await store.close() }
}
