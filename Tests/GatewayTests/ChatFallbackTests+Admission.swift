import EventLoop
import Foundation
import HTTP
import OpenAIWire
import Simulator
import TestSupport
import Testing

/// Who is kept from being asked: by breakers, by pauses, and by places that are taken.
extension ChatFallbackTests {
  @Test("a breaker keeps an upstream that is down from being asked")
  func breaker() async throws {
    try await with("circuit_breaker: {last_resort: false}", breakers: true) {
      (bench: Bench) async throws in
      bench.first.setFailureRate(1, route: "chat")
      for _ in 0..<50 { #expect(try await bench.chat().head.status == 200) }
      #expect(bench.chats(bench.first) == 5)
      let answer = try await bench.chat()
      #expect(answer.head.headers["x-easel-fallback"] == "first/m;reason=unavailable")
      #expect(answer.head.headers["x-easel-attempts"] == nil)
      let alone = try await bench.chat("m")
      #expect(alone.head.status == 503)
      #expect(alone.head.headers["retry-after"] != nil)
      let message = try JSONSlice.parse(alone.body)["error"]?["message"]?.string ?? ""
      #expect(message.contains("first/m: circuit breaker open, next trial in "), "\(message)")
      bench.first.setFailureRate(0, route: "chat")
      try await eventually("a trial closes it") {
        try await bench.chat().head.headers["x-easel-provider"] == "first"
      }
      bench.first.setFailureRate(1, route: "chat")
      bench.second.setFailureRate(1, route: "chat")
      for _ in 0..<6 { _ = try await bench.chat() }
      let client = bench.client.value
      let request = ClientRequest(.get, try HTTPURL(bench.url).appending(path: "health/ready"))
      #expect(try await client.send(request, bodyLimit: 1 << 16).head.status == 503)
    }
  }

  @Test("where everyone is kept from being asked, one request at a time asks all the same")
  func lastResort() async throws {
    let rules = "[{for: chat, consecutive_failures: 1, open: 1h, open_cap: 1h}]"
    try await with(
      "retries: {budget: 0%, floor: 0}\ncircuit_breaker: {rules: \(rules)}", breakers: true
    ) { (bench: Bench) async throws in
      bench.first.queue(Self.fault("500"), route: "chat")
      #expect(try await bench.chat("m").head.status == 500)
      var held = SimulatorFault()
      held.isHeld = true
      bench.first.queue(held, route: "chat")
      let status = try await withThrowingTaskGroup(of: Int.self) { group in
        group.addTask { try await bench.chat("m").head.status }
        // Not how many are open: the one before may not be over for the simulator yet.
        try await eventually("one is under way") { bench.chats(bench.first) == 2 }
        for _ in 0..<20 {
          let refused = try await bench.chat("m")
          #expect(refused.head.status == 503 && refused.head.headers["retry-after"] != nil)
          let message = try JSONSlice.parse(refused.body)["error"]?["message"]?.string ?? ""
          #expect(message.contains("first/m: circuit breaker open, next trial in "), "\(message)")
        }
        bench.first.release()
        return try await group.next()
      }
      #expect(status == 200)
      #expect(bench.chats(bench.first) == 2, "nobody else has asked it")
      #expect(try await bench.breaker(of: "first")?["state"]?.string == "open")
      #expect(try await bench.chat("m").head.status == 200, "the next one may")
    }
  }

  @Test("so many at one time and no more, the next wait, and beyond them the other one is asked")
  func limits() async throws {
    try await with(upstream: ", concurrency: 2, queue: 3, queue_timeout: 5m") {
      (bench: Bench) async throws in
      for _ in 0..<5 {
        var held = SimulatorFault()
        held.isHeld = true
        bench.first.queue(held, route: "chat")
      }
      let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<5 { group.addTask { try await bench.chat("m").head.status } }
        try await eventually("two are under way") { bench.first.openCount == 2 }
        // Looked up, since a request that asked for it would take one of the places.
        let waiting = "easel_upstream_waiting{upstream=\"first\"} 3"
        try await eventually("the others wait") { try await bench.metrics().contains(waiting) }
        let refusal = try await bench.chat("m")
        #expect(refusal.head.status == 503 && refusal.head.headers["retry-after"] == "1")
        let other = try await bench.chat("pair")
        #expect(other.head.headers["x-easel-provider"] == "second")
        #expect(other.head.headers["x-easel-fallback"] == "first/m;reason=busy")
        #expect(bench.first.openCount == 2)
        let lines = Set(try await bench.metrics())
        #expect(lines.contains("easel_upstream_in_flight{upstream=\"first\"} 2"))
        #expect(lines.contains(waiting))
        let refused = "easel_upstream_queue_refusals_total{upstream=\"first\",reason="
        #expect(!lines.contains(refused + "\"queue_full\"} 0"), "also where nobody takes over")
        #expect(lines.contains(refused + "\"timed_out\"} 0"))
        #expect(!lines.contains { $0.hasPrefix("easel_upstream_waiting{upstream=\"second\"") })
        bench.first.release()
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(statuses == [200, 200, 200, 200, 200])
      #expect(try await bench.chat("m").head.status == 200, "every place was given back")
    }
  }

  @Test("nobody waits for a place while another upstream has one, and then at the first")
  func busy() async throws {
    try await with(upstream: ", concurrency: 1, queue: 4, queue_timeout: 5m") {
      (bench: Bench) async throws in
      var held = SimulatorFault()
      held.isHeld = true
      bench.first.queue(held, route: "chat")
      let last = try await withThrowingTaskGroup(of: ClientAnswer?.self) { group in
        group.addTask {
          _ = try await bench.chat("m")
          return nil
        }
        try await eventually("one is under way") { bench.first.openCount == 1 }
        let other = try await bench.chat()
        #expect(other.head.status == 200)
        #expect(other.head.headers["x-easel-provider"] == "second")
        #expect(other.head.headers["x-easel-fallback"] == "first/m;reason=busy")
        bench.second.queue(Self.fault("500"), route: "chat")
        group.addTask { try await bench.chat() }
        try await eventually("the other one has failed") { bench.chats(bench.second) == 2 }
        bench.first.release()
        var last: ClientAnswer?
        while let answer = try await group.next() { last = answer ?? last }
        return last
      }
      #expect(last?.head.status == 200)
      #expect(last?.head.headers["x-easel-provider"] == "first")
      let passed = "first/m;reason=busy, second/n;reason=status_500"
      #expect(last?.head.headers["x-easel-fallback"] == passed)
    }
  }

  @Test("nobody waits for a place beyond the deadline, or asks after it")
  func deadlineInQueue() async throws {
    try await with(
      "retries: {deadline: 1s}\nimage_tool: {enabled: false}",
      upstream: ", concurrency: 1, queue: 4, queue_timeout: 5m"
    ) { (bench: Bench) async throws in
      // It has begun to answer, and has its place for as long as it likes.
      var fault = SimulatorFault()
      fault.lingers = true
      fault.replay = Array(
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n".utf8)
      bench.first.queue(fault, route: "chat")
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { _ = try? await bench.chat("m", stream: true) }
        try await eventually("one is under way") { bench.first.openCount == 1 }
        let late = try await bench.chat("m")
        #expect(late.head.status == 503 && late.head.headers["retry-after"] == "1")
        #expect(bench.chats(bench.first) == 1)
        group.cancelAll()
      }
    }
  }

  @Test("who waits for a place at an upstream that fails meanwhile goes to the other one")
  func failedMeanwhile() async throws {
    let rules = "[{for: chat, consecutive_failures: 1, open: 1h, open_cap: 1h}]"
    try await with(
      "circuit_breaker: {last_resort: false, rules: \(rules)}",
      upstream: ", concurrency: 1, queue: 4, queue_timeout: 5m",
      second: ", concurrency: 5, queue: 0", breakers: true
    ) { (bench: Bench) async throws in
      var held = Self.fault("500")
      held.isHeld = true
      bench.first.queue(held, route: "chat")
      held.status = nil
      for _ in 0..<5 { bench.second.queue(held, route: "chat") }
      let (kept, refused) = (LockedInt(), LockedInt())
      let answers = try await withThrowingTaskGroup(of: ClientAnswer?.self) { group in
        for _ in 0..<5 {
          group.addTask {
            if try await bench.chat("n").head.status == 200 { kept.value += 1 }
            return nil
          }
        }
        try await eventually("the other one is busy") { bench.second.openCount == 5 }
        for _ in 0..<6 {
          group.addTask {
            let answer = try await bench.chat()
            if answer.head.status == 503 { refused.value += 1 }
            return answer
          }
        }
        try await eventually("one is under way, and four wait") {
          bench.first.openCount == 1 && refused.value == 1
        }
        bench.second.release()
        try await eventually("the other one is free") { kept.value == 5 }
        bench.first.release()
        return try await group.reduce(into: []) { $0.append($1) }
      }
      let statuses = answers.compactMap { $0?.head.status }
      #expect(statuses.sorted() == [200, 200, 200, 200, 200, 503])
      #expect(answers.allSatisfy { $0?.head.headers["x-easel-provider"] != "first" })
      #expect(bench.chats(bench.first) == 1, "nobody else has asked it")
    }
  }

  @Test("what a breaker would refuse is no repetition, and nobody waits for it")
  func refusedRepetition() async throws {
    let rules = "[{for: chat, consecutive_failures: 1, open: 1h, open_cap: 1h}]"
    try await with("circuit_breaker: {rules: \(rules)}", breakers: true) {
      (bench: Bench) async throws in
      bench.first.queue(Self.fault("503"), route: "chat")
      #expect(try await bench.chat("m").head.status == 503)
      #expect(bench.chats(bench.first) == 1)
      let lines = try await bench.metrics()
      #expect(lines.contains { $0.hasPrefix("easel_upstream_requests_total{upstream=\"first\"") })
      let retries = lines.filter { $0.hasPrefix("easel_upstream_retries_total{") }
      #expect(retries.allSatisfy { $0.hasSuffix(" 0") }, "it was not repeated")
    }
  }

  @Test("a pause that ends within the wait does not keep a repetition back")
  func admittedRepetition() async throws {
    try await with("retries: {floor: 100}", breakers: true) { (bench: Bench) async throws in
      var fault = Self.fault("429")
      fault.retryAfter = "1"
      bench.first.queue(fault, route: "chat")
      let answer = try await bench.chat("m")
      #expect(answer.head.status == 200)
      #expect(answer.head.headers["x-easel-attempts"] == "2")
    }
  }

  @Test("after a limit that tells no time others are asked first, and nobody is refused for it")
  func vagueLimit() async throws {
    // The rest after it is longer than any wait.
    let configuration = """
      retries: {floor: 100}
      circuit_breaker: {rules: [{for: chat, cool_down: 1h}]}
      """
    try await with(configuration, breakers: true) { (bench: Bench) async throws in
      bench.first.queue(Self.fault("429"), route: "chat")
      let answer = try await bench.chat("m")
      #expect(answer.head.status == 200)
      #expect(answer.head.headers["x-easel-attempts"] == "2")
      #expect(try await bench.breaker(of: "first")?["state"]?.string == "cooling_down")
      #expect(
        try await BreakerProcessTests.get(bench.url, "health/ready", bench.client.value).0 == 200)
      let open = #"easel_breaker_open{kind="chat",provider="first",model="m"} 0"#
      #expect(try await bench.metrics().contains(open), "it keeps nobody away")
      let alone = try await bench.chat("m")
      #expect(alone.head.status == 200 && alone.head.headers["x-easel-fallback"] == nil)
      let other = try await bench.chat()
      #expect(other.head.headers["x-easel-provider"] == "second")
      #expect(other.head.headers["x-easel-fallback"] == "first/m;reason=unavailable")
      bench.second.queue(Self.fault("500"), route: "chat")
      let last = try await bench.chat()
      #expect(last.head.headers["x-easel-provider"] == "first", "nobody else is left")
      #expect(last.head.headers["x-easel-fallback"] == "second/n;reason=status_500")
      for _ in 0..<3 { bench.second.queue(Self.fault("429"), route: "chat") }
      let before = bench.chats(bench.second)
      #expect(try await bench.chat("n").head.status == 429)
      #expect(bench.chats(bench.second) == before + 3, "three attempts in all")
    }
  }

  @Test("one whose trial is another request's is asked in the end, where the others fail")
  func triedLast() async throws {
    let rules = "[{for: chat, consecutive_failures: 1, open: 100ms, open_cap: 100ms}]"
    try await with(
      "retries: {budget: 0%, floor: 0}\ncircuit_breaker: {rules: \(rules)}", breakers: true
    ) { (bench: Bench) async throws in
      bench.second.queue(Self.fault("500"), route: "chat")
      #expect(try await bench.chat("n").head.status == 500)
      try await eventually("the time for a trial has come") {
        let breaker = try await bench.breaker(of: "second")
        let next = breaker?["next_trial_at"]?.int ?? .max
        return Date().timeIntervalSince1970 * 1000 >= Double(next)
      }
      var held = SimulatorFault()
      held.isHeld = true
      bench.second.queue(held, route: "chat")
      let trial = try await withThrowingTaskGroup(of: Int.self) { group in
        group.addTask { try await bench.chat("n").head.status }
        try await eventually("the trial is under way") { bench.chats(bench.second) == 2 }
        bench.first.queue(Self.fault("500"), route: "chat")
        let answer = try await bench.chat()
        #expect(answer.head.headers["x-easel-provider"] == "second")
        #expect(answer.head.headers["x-easel-fallback"] == "first/m;reason=status_500")
        bench.second.release()
        return try await group.next()
      }
      #expect(trial == 200)
    }
  }

  @Test("without a budget a limit that tells no time is not asked again either")
  func vagueLimitWithoutBudget() async throws {
    try await with("retries: {floor: 0, budget: 0%}", breakers: true) {
      (bench: Bench) async throws in
      bench.first.queue(Self.fault("429"), route: "chat")
      #expect(try await bench.chat("m").head.status == 429)
      #expect(bench.chats(bench.first) == 1)
    }
  }

  @Test("a 503 that says when to come back is believed, and is a failure all the same")
  func saidWhen() async throws {
    try await with(breakers: true) { (bench: Bench) async throws in
      var fault = Self.fault("503")
      fault.retryAfter = "60"
      bench.first.queue(fault, route: "chat")
      #expect(try await bench.chat().head.headers["x-easel-provider"] == "second")
      #expect(try await bench.chat().head.headers["x-easel-provider"] == "second")
      #expect(bench.chats(bench.first) == 1)
      let alone = try await bench.chat("m")
      #expect(alone.head.status == 503)
      let wait = try #require(alone.head.headers["retry-after"].flatMap { Int($0) })
      #expect((2...60).contains(wait))
      let breaker = try await bench.breaker(of: "first")
      #expect(breaker?["state"]?.string == "cooling_down")
      #expect(breaker?["failures"]?.int == 1)
    }
  }

  @Test("what an upstream forbids, another one may allow, and nobody else is kept from it")
  func forbidden() async throws {
    try await with(breakers: true) { (bench: Bench) async throws in
      bench.first.queue(Self.fault("403"), route: "chat")
      #expect(try await bench.chat().head.headers["x-easel-provider"] == "second")
      #expect(try await bench.chat().head.headers["x-easel-provider"] == "first")
      bench.first.queue(Self.fault("403"), route: "chat")
      #expect(try await bench.chat("m").head.status == 403, "there is no other one")
      #expect(try await bench.chat("m").head.status == 200)
      #expect(bench.chats(bench.first) == 4)
    }
  }

  @Test(
    "an upstream without a key of its own may refuse, too",
    arguments: [("429", "cooling_down"), ("401", "bad_key")])
  func withoutKey(_ fault: String, _ state: String) async throws {
    try await with(breakers: true) { (bench: Bench) async throws in
      var fault = Self.fault(fault)
      fault.retryAfter = "60"
      bench.second.queue(fault, route: "chat")
      let refused = try await bench.chat("n")
      #expect(refused.head.status == fault.status)
      #expect(try #require(bench.second.requests.last).authorization == nil)
      let next = try await bench.chat("n")
      #expect(next.head.status == 503 && bench.chats(bench.second) == 1)
      #expect(try await bench.breaker(of: "second")?["state"]?.string == state)
    }
  }

  @Test("one that fails more often than its peers is named, before its breaker opens")
  func outlier() async throws {
    let rules = "[{for: chat, consecutive_failures: off, failure_rate: off}]"
    try await with("circuit_breaker: {rules: \(rules)}", breakers: true) {
      (bench: Bench) async throws in
      for index in 0..<20 {
        if index.isMultiple(of: 2) { bench.first.queue(Self.fault("500"), route: "chat") }
        #expect(try await bench.chat().head.status == 200)
      }
      func get(_ path: String) async throws -> [UInt8] {
        let request = ClientRequest(.get, try HTTPURL(bench.url).appending(path: path))
        return try await bench.client.value.send(request, bodyLimit: 1 << 20).body
      }
      let page = try JSONSlice.parse(try await get("health/providers"))
      let outliers = page["providers"]?.elements.map { provider in
        provider["outliers"]?.elements.map { $0["reason"]?.string }
      }
      #expect(outliers == [["failures"], [], []])
      let metrics = String(decoding: try await get("metrics"), as: UTF8.self)
      let name = "easel_provider_outlier{kind=\"chat\",provider="
      #expect(metrics.contains(name + "\"first\",reason=\"failures\"} 1"))
      #expect(metrics.contains(name + "\"second\",reason=\"failures\"} 0"))
    }
  }

  @Test("a limit that an upstream says to be final is not the other one's")
  func finalForOne() async throws {
    try await with { (bench: Bench) async throws in
      var fault = Self.fault("429")
      fault.shouldRetry = "false"
      bench.first.queue(fault, route: "chat")
      let answer = try await bench.chat()
      #expect(answer.head.status == 200 && answer.head.headers["x-easel-provider"] == "second")
      fault = Self.fault("500")
      fault.shouldRetry = "false"
      bench.first.queue(fault, route: "chat")
      let spent = try await bench.chat()
      #expect(spent.head.status == 500, "it may have cost something already")
      #expect(bench.chats(bench.second) == 1)
    }
  }
}
