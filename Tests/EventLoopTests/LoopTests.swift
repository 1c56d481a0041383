import Foundation
import Synchronization
import TestSupport
import Testing

@testable import EventLoop

@Suite("Event loop", .bounded, .timeLimit(.minutes(10)))
struct LoopTests {
  @Test("a task started for a loop stays on its thread across suspensions")
  func stays() async throws {
    let group = EventLoopGroup(count: 2)
    let places = try await group.loops[1].run {
      var places = [EventLoop.current?.index]
      try await group.loops[1].sleep(for: .milliseconds(2))
      places.append(EventLoop.current?.index)
      await Task.yield()
      places.append(EventLoop.current?.index)
      return places
    }
    #expect(places == [1, 1, 1])
    await group.shutdown()
  }

  @Test("blocking work runs elsewhere and its result, or error, comes back to the loop")
  func offload() async throws {
    struct Refused: Error {}
    let group = EventLoopGroup(count: 1)
    let loop = group.loops[0]
    let inside = try await loop.run {
      let onLoop = try await loop.offload { EventLoop.current == nil }
      await #expect(throws: Refused.self) { try await loop.offload { throw Refused() } }
      return onLoop && EventLoop.current === loop
    }
    #expect(inside)
    await group.shutdown()
  }

  @Test("work may be queued the moment a group is there, by the thread that made it")
  func atOnce() async throws {
    for _ in 0..<50 {
      let group = EventLoopGroup(count: 2)
      let places = try await [group.loops[0].run { 0 }, group.loops[1].run { 1 }]
      #expect(places == [0, 1])
      await group.shutdown()
    }
  }

  @Test("shutdown closes listeners and signal watches that are still open")
  func shutdownWithWatches() async throws {
    let group = EventLoopGroup(count: 1)
    let loop = group.loops[0]
    let port = try await loop.run {
      let address = try #require(SocketAddress(ip: "127.0.0.1", port: 0))
      let listener = try TCPListener(loop, at: address) { $0.close() }
      _ = SignalWatch(loop, signal: SIGUSR2) {}
      return listener.address.port
    }
    await group.shutdown()
    // The port is free again.
    let second = EventLoopGroup(count: 1)
    let other = second.loops[0]
    let again = try await other.run {
      let address = try #require(SocketAddress(ip: "127.0.0.1", port: port))
      return try TCPListener(other, at: address) { $0.close() }.address.port
    }
    #expect(again == port)
    await second.shutdown()
  }

  @Test("a cancelled sleep ends at once with CancellationError")
  func cancelledSleep() async throws {
    let group = EventLoopGroup(count: 1)
    let loop = group.loops[0]
    let task = Task { try await loop.run { try await loop.sleep(for: .seconds(3600)) } }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    await group.shutdown()
  }

  @Test("a repeating timer fires until it is cancelled, a single one once")
  func timers() async throws {
    let group = EventLoopGroup(count: 1)
    let loop = group.loops[0]
    let count = try await loop.run {
      let event = LoopEvent<Void>()
      var count = 0
      var single = 0
      let timer = loop.schedule(after: .milliseconds(1), repeating: .milliseconds(1)) {
        count += 1
        if count == 3 { event.fire(()) }
      }
      _ = loop.schedule(after: .milliseconds(1)) { single += 1 }
      await event.wait()
      timer.cancel()
      return count * 10 + single
    }
    #expect(count == 31)
    await group.shutdown()
  }

  @Test("ten thousand submissions from many threads all arrive")
  func submissions() async {
    let group = EventLoopGroup(count: 1)
    let loop = group.loops[0]
    let sum = Counter()
    await withTaskGroup { tasks in
      for _ in 0..<100 {
        tasks.addTask {
          for _ in 0..<100 { loop.submit { sum.count.add(1, ordering: .relaxed) } }
          try? await loop.run {}
        }
      }
    }
    #expect(sum.count.load(ordering: .relaxed) == 10_000)
    await group.shutdown()
  }

  private final class Counter: Sendable {
    let count = Atomic<Int>(0)
  }

  @Test(
    "durations become milliseconds, rounded up",
    arguments: [
      (Duration.zero, 0), (.nanoseconds(1), 1), (.milliseconds(1), 1), (.microseconds(1500), 2),
      (.seconds(3), 3000), (.seconds(-1), 0),
    ] as [(Duration, UInt64)])
  func milliseconds(duration: Duration, expected: UInt64) {
    #expect(duration.milliseconds == expected)
  }
}
