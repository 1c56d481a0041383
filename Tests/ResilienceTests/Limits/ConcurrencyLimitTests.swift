import EventLoop
import Resilience
import Synchronization
import TestSupport
import Testing

@Suite("The limit on calls at one time", .timeLimit(.minutes(1)))
struct ConcurrencyLimitTests {
  private final class Counts: Sendable {
    let busy = Atomic<Int>(0)
    let most = Atomic<Int>(0)

    func enter() {
      most.max(busy.add(1, ordering: .relaxed).newValue, ordering: .relaxed)
    }
    func leave() { busy.subtract(1, ordering: .relaxed) }
  }

  private func onLoops(
    _ count: Int = 1, _ body: @escaping @Sendable (EventLoopGroup) async throws -> Void
  ) async throws {
    let group = EventLoopGroup(count: count)
    try await body(group)
    await group.shutdown()
  }

  @Test("no more than its places are taken, all who may wait get one in turn, on whatever loop")
  func bounds() async throws {
    try await onLoops(2) { group in
      let limit = ConcurrencyLimit(capacity: 3, queue: 100)
      let counts = Counts()
      await withTaskGroup(of: Void.self) { tasks in
        for index in 0..<60 {
          let loop = group.loops[index % 2]
          tasks.addTask {
            try? await loop.run {
              try await limit.enter(on: loop)
              counts.enter()
              try await loop.sleep(for: .milliseconds(1))
              counts.leave()
              limit.leave()
            }
          }
        }
      }
      #expect(counts.most.load(ordering: .relaxed) == 3)
      #expect(limit.load == (0, 0))
    }
  }

  @Test("they get their places in the order of their coming")
  func order() async throws {
    try await onLoops { group in
      let loop = group.loops[0]
      try await loop.run {
        let limit = ConcurrencyLimit(capacity: 1, queue: 10)
        try await limit.enter(on: loop)
        var entered: [Int] = []
        let done = LoopEvent<Void>()
        for number in 0..<5 {
          loop.spawn {
            guard (try? await limit.enter(on: loop)) != nil else { return }
            entered.append(number)
            limit.leave()
            if entered.count == 5 { done.fire(()) }
          }
        }
        while limit.load.waiting < 5 { await Task.yield() }
        limit.leave()
        await done.wait()
        #expect(entered == [0, 1, 2, 3, 4])
      }
    }
  }

  @Test("where the queue is full, or the wait too long, there is none")
  func refusals() async throws {
    try await onLoops { group in
      let loop = group.loops[0]
      try await loop.run {
        let full = ConcurrencyLimit(capacity: 1, queue: 0)
        try await full.enter(on: loop)
        await #expect(throws: ConcurrencyLimit.Refusal.queueFull) { try await full.enter(on: loop) }
        let slow = ConcurrencyLimit(capacity: 1, queue: 1, longestWait: .milliseconds(20))
        try await slow.enter(on: loop)
        await #expect(throws: ConcurrencyLimit.Refusal.timedOut) { try await slow.enter(on: loop) }
        #expect(slow.load == (1, 0))
        #expect(full.refusals == .init(queueFull: 1) && slow.refusals == .init(timedOut: 1))
        let patient = ConcurrencyLimit(capacity: 1, queue: 1, longestWait: .seconds(3600))
        try await patient.enter(on: loop)
        for patience in [Duration.milliseconds(20), .zero] {
          await #expect(throws: ConcurrencyLimit.Refusal.timedOut) {
            try await patient.enter(atMost: patience, on: loop)
          }
        }
        slow.leave()
        try await slow.enter(on: loop)
        #expect(slow.load == (1, 0))
      }
    }
  }

  @Test("who does not wait passes nobody who does")
  func atOnce() async throws {
    try await onLoops { group in
      let loop = group.loops[0]
      try await loop.run {
        let limit = ConcurrencyLimit(capacity: 2, queue: 10)
        #expect(limit.enterAtOnce())
        #expect(!limit.enterAtOnce(units: 2))
        let done = LoopEvent<Void>()
        _ = loop.spawn {
          try? await limit.enter(units: 2, on: loop)
          done.fire(())
        }
        while limit.load.waiting < 1 { await Task.yield() }
        #expect(!limit.enterAtOnce(), "there is a place, but somebody waits")
        limit.leave()
        await done.wait()
        limit.leave(units: 2)
        #expect(limit.enterAtOnce(units: 2) && limit.load == (2, 0))
      }
    }
  }

  @Test("one that is cancelled leaves the queue, or gives the place on that it has just got")
  func cancellation() async throws {
    try await onLoops { group in
      let loop = group.loops[0]
      try await loop.run {
        let limit = ConcurrencyLimit(capacity: 1, queue: 10)
        try await limit.enter(on: loop)
        let end = LoopEvent<Bool>()
        let first = loop.spawn {
          do throws(ConcurrencyLimit.Refusal) { try await limit.enter(on: loop) } catch {
            end.fire(error == .cancelled)
          }
        }
        while limit.load.waiting < 1 { await Task.yield() }
        first.cancel()
        #expect(await end.wait())
        #expect(limit.load == (1, 0))
        let second = loop.spawn {
          do throws(ConcurrencyLimit.Refusal) { try await limit.enter(on: loop) } catch {
            end.fire(error == .cancelled)
          }
        }
        while limit.load.waiting < 1 { await Task.yield() }
        limit.leave()
        second.cancel()
        #expect(await end.wait())
        #expect(limit.load == (0, 0))
      }
    }
  }

  @Test("one that needs too much and gives up no longer keeps back those that need little")
  func units() async throws {
    try await onLoops { group in
      let loop = group.loops[0]
      try await loop.run {
        let limit = ConcurrencyLimit(capacity: 10, queue: 10)
        try await limit.enter(units: 5, on: loop)
        let large = loop.spawn {
          try? await limit.enter(units: 8, on: loop)
          #expect(Task.isCancelled)
        }
        while limit.load.waiting < 1 { await Task.yield() }
        let small = loop.spawn { try? await limit.enter(units: 1, on: loop) }
        while limit.load.waiting < 2 { await Task.yield() }
        #expect(limit.load == (5, 2))
        large.cancel()
        await small.value
        await large.value
        #expect(limit.load == (6, 0))
      }
    }
  }
}
