import EventLoop
import HTTP
import OpenAIWire
import Simulator
import TestSupport
import Testing

@Suite("Trials of open breakers of the built program", .bounded, .timeLimit(.minutes(5)))
struct BreakerTrialProcessTests {
  /// What a trial's stream does after it has been going well for half of the trial's lease, and what
  /// the breaker shows then.
  @Test(
    "a stream that takes longer than the trial's lease closes the breaker; where it breaks, it counts",
    arguments: [(100, nil, "closed"), (900, 2000, "open")] as [(Int, Int?, String)])
  func longStream(pace: Int, resetAfter: Int?, state: String) async throws {
    try await withOpenBreaker { simulator, url, client, chat in
      var slow = SimulatorFault()
      slow.pace = .milliseconds(pace)
      slow.resetAfter = resetAfter
      simulator.queue(slow, route: "chat")
      var length = Duration.zero
      try await eventually("a trial is made") {
        let begun = ContinuousClock.now
        let isMade = try await chat().head.status == 200
        length = ContinuousClock.now - begun
        return isMade
      }
      #expect(resetAfter != nil || length > .seconds(4), "it ended within its lease")
      let breaker = try await Self.breaker(url, client)
      #expect(breaker?["state"]?.string == state)
    }
  }

  @Test("an answer that begins after the trial's lease closes the breaker like others")
  func lateAnswer() async throws {
    try await withOpenBreaker(lease: "500ms") { simulator, url, client, chat in
      var late = SimulatorFault()
      late.delay = .milliseconds(700)
      simulator.queue(late, route: "chat")
      try await eventually("a trial is made") { try await chat().head.status == 200 }
      #expect(try await Self.breaker(url, client)?["state"]?.string == "closed")
    }
  }

  @Test("a stream that comes to a halt closes no breaker: the next trial is made after the lease")
  func halted() async throws {
    try await withOpenBreaker { simulator, url, client, chat in
      var halting = SimulatorFault()
      halting.pace = .seconds(600)
      simulator.queue(halting, route: "chat")
      // Refused until the breaker has been open for long enough.
      let first = client.loop.spawn {
        while !Task.isCancelled, (try? await chat().head.status) == 503 {}
      }
      // The first one is the failure that has opened the breaker.
      try await eventually("a trial is made") {
        simulator.requests.count { $0.route == "chat" } == 2
      }
      let begun = try await Self.breaker(url, client)
      #expect(begun?["state"]?.string == "half_open")
      try await eventually("another trial is made") { try await chat().head.status == 200 }
      first.cancel()
      let closed = try await Self.breaker(url, client)
      #expect(closed?["state"]?.string == "closed")
      // The lease is four seconds; what goes well for two of them has succeeded.
      let times = try (#require(begun?["since"]?.int), #require(closed?["since"]?.int))
      #expect(times.1 - times.0 >= 3900, "the first trial has closed it")
    }
  }

  @Test("who is refused because of a trial is told to come back soon, however long it may take")
  func told() async throws {
    try await withOpenBreaker(lease: "60s") { simulator, url, client, chat in
      var held = SimulatorFault()
      held.isHeld = true
      simulator.queue(held, route: "chat")
      let trial = client.loop.spawn {
        while !Task.isCancelled, (try? await chat().head.status) == 503 {}
      }
      try await eventually("a trial is made") {
        simulator.requests.count { $0.route == "chat" } == 2
      }
      let refused = try await chat()
      #expect(refused.head.status == 503)
      let wait = try #require(refused.head.headers["retry-after"].flatMap { Int($0) })
      #expect((1...5).contains(wait))
      simulator.release()
      await trial.value
    }
  }

  /// What the health page tells of the breaker of the upstream's model.
  private static func breaker(_ url: HTTPURL, _ client: HTTPClient) async throws -> JSONSlice? {
    let page = try await BreakerProcessTests.get("\(url)", "health/providers", client).1
    let upstream = try #require(page["providers"]?.elements.first { $0["kind"]?.string == "chat" })
    return upstream["models"]?.elements.first { $0["model"]?.string == "m" }?["breaker"]
  }

  /// Runs with a gateway whose only upstream has failed once, so that its breaker is open.
  private func withOpenBreaker(
    lease: String = "4s",
    _ body:
      @escaping @Sendable (
        SimulatorServer, HTTPURL, HTTPClient, @escaping () async throws -> ClientAnswer
      ) async throws -> Void
  ) async throws {
    let group = EventLoopGroup(count: 2)
    let loop = group.loops[0]
    let simulator = try await SimulatorServer.start(group: group)
    let gateway = try BreakerProcessTests.gateway(
      simulator, state: "memory:",
      configuration: """
        circuit_breaker:
          last_resort: false
          rules:
            - {for: chat, consecutive_failures: 1, open: 100ms, open_cap: 100ms, trial_lease: \(lease)}
        """)
    defer { gateway.kill() }
    let url = try HTTPURL(try await gateway.url())
    try await loop.run {
      let client = HTTPClient(loop: loop, tls: try TLSContext(client: nil))
      let request = """
        {"model":"m","stream":true,"easel":{"image_tool":"off"},
        "messages":[{"role":"user","content":"hello"}]}
        """
      func chat() async throws -> ClientAnswer {
        try await client.send(
          ClientRequest(
            .post, url.appending(path: "v1/chat/completions"), body: Array(request.utf8)),
          bodyLimit: 1 << 20)
      }
      var failing = SimulatorFault()
      failing.status = 500
      failing.shouldRetry = "false"
      simulator.queue(failing, route: "chat")
      #expect(try await chat().head.status == 500)
      try await body(simulator, url, client, chat)
    }
    await simulator.stop()
    await group.shutdown()
  }
}
