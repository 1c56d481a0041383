import EventLoop
import Foundation
import HTTP
import OpenAIWire
import Simulator
import TestSupport
import Testing

@Suite("Chat upstreams that fail, behind the built program", .bounded, .timeLimit(.minutes(10)))
struct ChatFallbackTests {
  /// Two simulated upstreams behind one gateway.
  struct Bench: Sendable {
    let first: SimulatorServer
    let second: SimulatorServer
    let program: EaselProcess
    let url: String
    let client: LoopBound<HTTPClient>

    /// Sends a chat.
    func chat(
      _ model: String = "pair", text: String = "hello", stream: Bool = false,
      headers: HeaderFields = [:]
    ) async throws -> ClientAnswer {
      let body = JSONWriter.object { writer in
        writer.member("model", model)
        writer.member("stream", stream)
        writer.key("messages")
        writer.beginArray()
        writer.beginObject()
        writer.member("role", "user")
        writer.member("content", text)
        writer.endObject()
        writer.endArray()
      }
      return try await client.value.send(
        ClientRequest(
          .post, try HTTPURL(url).appending(path: "v1/chat/completions"), headers: headers,
          body: body),
        bodyLimit: 16 << 20)
    }

    /// What the health page tells of the breaker of an upstream's only model.
    func breaker(of upstream: String) async throws -> JSONSlice? {
      let page = try await BreakerProcessTests.get(url, "health/providers", client.value).1
      let provider = page["providers"]?.elements.first {
        $0["kind"]?.string == "chat" && $0["provider"]?.string == upstream
      }
      return provider?["models"]?.elements.first { _ in true }?["breaker"]
    }

    /// The lines of a scrape.
    func metrics() async throws -> [String] {
      let request = ClientRequest(.get, try HTTPURL(url).appending(path: "metrics"))
      let answer = try await client.value.send(request, bodyLimit: 1 << 20)
      return String(decoding: answer.body, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// How often an upstream was asked for the same once more.
    func repetitions(at upstream: String) async throws -> Int {
      try await metrics().filter {
        $0.hasPrefix("easel_upstream_retries_total{upstream=\"\(upstream)\"")
      }.compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }.reduce(0, +)
    }

    func chats(_ simulator: SimulatorServer) -> Int {
      simulator.requests.filter { $0.route == "chat" }.count
    }
  }

  /// - Parameter breakers: whether there are breakers: most tests want the same answer each time.
  func with(
    _ configuration: String = "", upstream: String = "", second other: String = "",
    others: [String] = [], alias: String = "other: n", breakers: Bool = false,
    _ body: @escaping @Sendable (Bench) async throws -> Void
  ) async throws {
    let group = EventLoopGroup(count: 2)
    let loop = group.loops[0]
    let first = try await SimulatorServer.start(group: group)
    let second = try await SimulatorServer.start(group: group)
    let file = FileManager.default.temporaryDirectory
      .appendingPathComponent("easel-\(UUID().uuidString).yaml")
    let yaml = """
      listen: 127.0.0.1:0
      upstreams:
        - {name: first, base_url: "\(first.baseURL)", models: [m], api_key_env: KEY\(upstream)}
        - {name: second, base_url: "\(second.baseURL)", models: [n]\(other)}
      \(others.map { "  - \($0)\n" }.joined())
      aliases:
        \(alias)
        pair: [first/m, second/n]
        lot: [{to: first/m, weight: 3}, {to: second/n, weight: 1}]
      images:
        providers: [{name: simulated, base_url: "\(first.baseURL)", models: [{id: dall-e-3}]}]
      \(configuration)
      """
    try Data(yaml.utf8).write(to: file)
    let program = try EaselProcess(
      arguments: ["serve", "--config", file.path],
      environment: [
        "KEY": "canary", "EASEL_STATE": "memory:", "CIRCUIT_BREAKER_ENABLED": "\(breakers)",
      ])
    defer { program.kill() }
    let url = try await program.url()
    try await loop.run {
      let client = HTTPClient(loop: loop, tls: try TLSContext(client: nil))
      try await body(
        Bench(
          first: first, second: second, program: program, url: url,
          client: LoopBound(client, on: loop)))
    }
    #expect(!program.log.contains("canary"))
    await first.stop()
    await second.stop()
    await group.shutdown()
  }

  /// What can go wrong before anything was said, and the word for it.
  static let failures: [(String, String)] = [
    ("500", "status_500"), ("503", "status_503"), ("529", "status_529"), ("429", "rate_limited"),
    ("401", "bad_key"), ("403", "bad_key"), ("402", "out_of_credit"), ("reset", "broken"),
    ("event", "stream_error"), ("empty", "broken"), ("ends", "broken"),
    ("limited", "rate_limited"),
  ]

  static func fault(_ name: String) -> SimulatorFault {
    var fault = SimulatorFault()
    switch name {
    case "reset": fault.resetAfter = 0
    case "resets": fault.resets = true
    case "event":
      fault.replay = Array(
        ("data: {\"choices\":[]}\n\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"role\":"
          + "\"assistant\",\"content\":\"\"}}]}\n\ndata: {\"error\":{\"message\":\"no\"}}\n\n").utf8
      )
    case "ends":
      fault.replay = Array(
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\"}}]}\n\n".utf8)
    case "limited":
      fault.replay = Array(
        "data: {\"error\":{\"message\":\"later\",\"code\":\"rate_limit_exceeded\"}}\n\n".utf8)
    case "empty":
      fault.replay = Array(": ping\n\n".utf8)
      fault.resetAfter = 3
    default: fault.status = Int(name)
    }
    return fault
  }

  @Test("the next one takes over before anything is said", arguments: failures, [true, false])
  func takesOver(_ failure: (String, String), _ withTools: Bool) async throws {
    try await with("image_tool: {enabled: \(withTools)}") { (bench: Bench) async throws in
      bench.first.queue(Self.fault(failure.0), route: "chat")
      let answer = try await bench.chat(stream: true)
      #expect(answer.head.status == 200)
      #expect(answer.head.headers["x-easel-provider"] == "second")
      #expect(answer.head.headers["x-easel-model"] == "n")
      #expect(answer.head.headers["x-easel-attempts"] == "2")
      #expect(answer.head.headers["x-easel-fallback"] == "first/m;reason=\(failure.1)")
      let text = String(decoding: answer.body, as: UTF8.self)
      #expect(text.components(separatedBy: "data: [DONE]").count == 2)
      #expect(text.components(separatedBy: "\"role\":\"assistant\"").count == 2)
      #expect(!text.contains("error"))
      #expect(bench.chats(bench.first) == 1 && bench.chats(bench.second) == 1)
      let body = try JSONSlice.parse(try #require(bench.second.requests.last).body)
      #expect(body["model"]?.string == "n")
      #expect(try #require(bench.second.requests.last).authorization == nil)
    }
  }

  @Test("what the client got wrong is nobody else's business", arguments: [400, 404, 422])
  func clientErrors(_ status: Int) async throws {
    try await with { (bench: Bench) async throws in
      bench.first.queue(Self.fault("\(status)"), route: "chat")
      #expect(try await bench.chat().head.status == status)
      #expect(bench.chats(bench.first) == 1 && bench.chats(bench.second) == 0)
      let refused = try await bench.metrics().filter { line in
        line.contains("status=\"\(status)\"") && line.contains("outcome=\"refused\"")
      }
      #expect(refused.contains { $0.hasSuffix(" 1") }, "\(refused)")
    }
  }

  @Test("nothing is tried again after a word was said, and no word comes twice")
  func notAfter() async throws {
    let whole = try await answerLength()
    try await with("image_tool: {enabled: false}") { (bench: Bench) async throws in
      for cut in stride(from: 900, to: whole, by: 397) {
        bench.first.reset()
        bench.second.reset()
        var fault = SimulatorFault()
        fault.resetAfter = cut
        bench.first.queue(fault, route: "chat")
        let text = String(decoding: try await bench.chat(stream: true).body, as: UTF8.self)
        #expect(bench.chats(bench.first) == 1)
        #expect(bench.chats(bench.second) == 0)
        #expect(text.components(separatedBy: "\"error\"").count == 2, "one error event")
        #expect(!text.contains("[DONE]"))
      }
    }
  }

  @Test(
    "an answer that ends too early says so, and leaves no half of an event",
    arguments: [true, false])
  func cut(_ withTools: Bool) async throws {
    let whole = try await answerLength()
    try await with("image_tool: {enabled: \(withTools)}") { (bench: Bench) async throws in
      for cut in stride(from: 900, to: whole - 400, by: 131) {
        bench.first.reset()
        var fault = SimulatorFault()
        fault.cutAfter = cut
        bench.first.queue(fault, route: "chat")
        let text = String(decoding: try await bench.chat(stream: true).body, as: UTF8.self)
        #expect(bench.chats(bench.second) == 0)
        #expect(!text.contains("[DONE]"))
        let events = text.components(separatedBy: "\n\n").filter { !$0.isEmpty }
        for event in events {
          #expect(throws: Never.self) { try JSONSlice.parse(Array(event.dropFirst(6).utf8)) }
        }
        #expect(events.last?.contains("\"code\":\"upstream_cut\"") == true, "after \(cut) bytes")
      }
    }
  }

  @Test(
    "an answer that is whole stays so, however its connection ends, and ends with it",
    arguments: [true, false], [true, false])
  func whole(withTools: Bool, lingers: Bool) async throws {
    try await with("image_tool: {enabled: \(withTools)}") { (bench: Bench) async throws in
      func event(_ delta: String, _ finish: String = "null") -> String {
        "data: {\"choices\":[{\"index\":0,\"delta\":{\(delta)},\"finish_reason\":\(finish)}]}\n\n"
      }
      let text = event("\"content\":\"Hi\"") + event("", "\"stop\"") + "data: [DONE]\n\n"
      var fault = SimulatorFault()
      fault.replay = Array(text.utf8)
      fault.resetAfter = lingers ? nil : text.utf8.count
      // For an hour: longer than the client waits.
      fault.lingers = lingers
      bench.first.queue(fault, route: "chat")
      let answer = try await bench.chat(stream: true)
      #expect(String(decoding: answer.body, as: UTF8.self) == text)
      #expect(bench.chats(bench.second) == 0)
    }
  }

  @Test("of several failures the most telling one is told")
  func mostTelling() async throws {
    try await with { (bench: Bench) async throws in
      bench.first.queue(Self.fault("429"), route: "chat")
      bench.second.queue(Self.fault("401"), route: "chat")
      let limited = try await bench.chat()
      #expect(limited.head.status == 429)
      #expect(limited.head.headers["x-easel-provider"] == "first")
      bench.first.queue(Self.fault("402"), route: "chat")
      for _ in 0..<3 { bench.second.queue(Self.fault("503"), route: "chat") }
      #expect(try await bench.chat().head.status == 503)
      // The second is asked again; what the first said is told after all.
      bench.first.queue(Self.fault("429"), route: "chat")
      for _ in 0..<3 { bench.second.queue(Self.fault("reset"), route: "chat") }
      #expect(try await bench.chat().head.status == 429)
    }
  }

  @Test("what comes too late for the deadline is not asked for")
  func deadline() async throws {
    try await with("retries: {deadline: 1s}") { (bench: Bench) async throws in
      var hangs = SimulatorFault()
      hangs.hangs = true
      bench.first.queue(hangs, route: "chat")
      let answer = try await bench.chat()
      #expect(answer.head.status == 504)
      #expect(bench.chats(bench.first) == 1 && bench.chats(bench.second) == 0)
    }
  }

  @Test("an upstream whose models call no tools stands in without the gateway's")
  func withoutTools() async throws {
    try await with(second: ", tools: false") { (bench: Bench) async throws in
      bench.first.queue(Self.fault("503"), route: "chat")
      #expect(try await bench.chat().head.headers["x-easel-provider"] == "second")
      let asked = try JSONSlice.parse(try #require(bench.first.requests.last).body)
      #expect(asked["tools"]?[0]?["function"]?["name"]?.string == "generate_image")
      let stood = try JSONSlice.parse(try #require(bench.second.requests.last).body)
      #expect(stood["tools"] == nil)
    }
  }

  @Test("an account that the client names says nothing of the upstream's key")
  func accounts() async throws {
    try await with(breakers: true) { (bench: Bench) async throws in
      for _ in 0..<3 {
        bench.first.queue(Self.fault("401"), route: "chat")
        let answer = try await bench.chat("m", headers: ["openai-organization": "org-theirs"])
        #expect(answer.head.status == 401)
      }
      #expect(try await bench.chat("m").head.status == 200, "the breaker is closed")
      bench.first.queue(Self.fault("401"), route: "chat")
      #expect(try await bench.chat("m").head.status == 401)
      #expect(try await bench.chat("m").head.status == 503, "the gateway's own key is bad")
    }
  }

  @Test("an upstream that is down sees no more than the budget's share of repetitions")
  func share() async throws {
    try await with("retries: {floor: 0, budget: 20%}") { (bench: Bench) async throws in
      bench.first.setFailureRate(1, route: "chat")
      for _ in 0..<100 { #expect(try await bench.chat("m").head.status == 503) }
      #expect((101...120).contains(bench.chats(bench.first)))
    }
  }

  private func answerLength() async throws -> Int {
    let length = LockedInt()
    try await with("image_tool: {enabled: false}") { (bench: Bench) async throws in
      length.value = try await bench.chat(stream: true).body.count
    }
    return length.value
  }

  @Test("an upstream's word on retries is kept")
  func shouldRetry() async throws {
    try await with { (bench: Bench) async throws in
      var fault = SimulatorFault()
      fault.status = 429
      fault.retryAfter = "100"
      fault.body = "{\"error\":{\"message\":\"later\"}}"
      // The only one that has the model asks for more patience than there is.
      bench.first.queue(fault, route: "chat")
      let answer = try await bench.chat("m")
      #expect(answer.head.status == 429)
      #expect(answer.head.headers["retry-after"] == "100")
      #expect(String(decoding: answer.body, as: UTF8.self).contains("later"))
      #expect(bench.chats(bench.first) == 1)
    }
  }

  @Test("the only one is asked again, at most three times in all")
  func repeats() async throws {
    try await with("retries: {floor: 100}") { (bench: Bench) async throws in
      bench.first.queue(Self.fault("503"), route: "chat")
      let answer = try await bench.chat("m")
      #expect(answer.head.status == 200)
      #expect(answer.head.headers["x-easel-attempts"] == "2")
      #expect(answer.head.headers["x-easel-fallback"] == nil)
      bench.first.setFailureRate(1, route: "chat")
      #expect(try await bench.chat("m").head.status == 503)
      #expect(bench.chats(bench.first) == 5)
    }
  }

  @Test("one that is well is found behind however many that nobody can reach")
  func unreachable() async throws {
    let ports = try (0..<4).map { _ in try RefusingPort() }
    let others = ports.enumerated().map { number, port in
      "{name: x\(number), base_url: \"http://127.0.0.1:\(port.number)/v1\", models: [x]}"
    }
    defer { withExtendedLifetime(ports) {} }
    try await with(others: others, alias: "far: [x, first/m, second/n]") {
      (bench: Bench) async throws in
      let answer = try await bench.chat("far")
      #expect(answer.head.status == 200)
      #expect(answer.head.headers["x-easel-provider"] == "first")
      let reasons = (0..<4).map { "x\($0)/x;reason=unreachable" }.joined(separator: ", ")
      #expect(answer.head.headers["x-easel-fallback"] == reasons)
      // What was sent counts.
      bench.first.queue(Self.fault("503"), route: "chat")
      for _ in 0..<3 { bench.second.queue(Self.fault("503"), route: "chat") }
      #expect(try await bench.chat("far").head.status == 503)
      #expect(bench.chats(bench.first) == 2 && bench.chats(bench.second) == 2)
    }
  }

  @Test("without a budget an upstream that is down gets no request twice")
  func budget() async throws {
    try await with("retries: {floor: 0, budget: 0%}") { (bench: Bench) async throws in
      bench.first.setFailureRate(1, route: "chat")
      for _ in 0..<20 { #expect(try await bench.chat("m").head.status == 503) }
      #expect(bench.chats(bench.first) == 20)
    }
  }

  @Test("weights share requests out, and who is drawn second stands in")
  func weights() async throws {
    try await with { (bench: Bench) async throws in
      for _ in 0..<400 { #expect(try await bench.chat("lot").head.status == 200) }
      // Three quarters of 400, and six standard deviations to both sides.
      #expect((248...352).contains(bench.chats(bench.first)))
      bench.first.setFailureRate(1, route: "chat")
      for _ in 0..<20 { #expect(try await bench.chat("lot").head.status == 200) }
    }
  }

  @Test(
    "an upstream that fails 30 % of its requests is not felt, nor asked more than it should be",
    arguments: ["503", "resets"], [true, false])
  func unreliable(_ failure: String, _ breakers: Bool) async throws {
    // The few retries a second that nothing need pay for are more than the share where a machine is so
    // slow that it answers fewer than fifteen requests in that time.
    try await with("retries: {floor: 0}", breakers: breakers) { (bench: Bench) async throws in
      bench.first.setFailureRate(0.3, route: "chat", fault: Self.fault(failure))
      let count = 3000
      let failed = LockedInt()
      await withTaskGroup(of: Void.self) { group in
        for worker in 0..<20 {
          group.addTask {
            for number in 0..<(count / 20) {
              let answer = try? await bench.chat(stream: (worker + number).isMultiple(of: 2))
              if answer?.head.status != 200 { failed.value += 1 }
            }
          }
        }
      }
      #expect(failed.value * 1000 < count, "\(failed.value) of \(count) failed")
      let seen = bench.chats(bench.first)
      // Where no breaker keeps requests from it, it has seen all of them, and no more than their share
      // a second time.
      #expect(breakers || seen >= count)
      let first = seen - (try await bench.repetitions(at: "first"))
      #expect(seen * 10 <= first * 12 && first <= count, "\(seen) of \(first)")
    }
  }

  @Test("what was read and reset on a kept connection is an attempt like others")
  func keptConnection() async throws {
    try await with("retries: {attempts: 1}") { (bench: Bench) async throws in
      #expect(try await bench.chat("m").head.status == 200)
      bench.first.queue(Self.fault("resets"), route: "chat")
      #expect(try await bench.chat("m").head.status == 502)
      #expect(bench.chats(bench.first) == 2)
    }
    try await with("retries: {floor: 1, budget: 0%}") { (bench: Bench) async throws in
      #expect(try await bench.chat().head.status == 200)
      // Asked again where it was, on a new connection; and the other one where no budget is left.
      bench.first.queue(Self.fault("resets"), route: "chat")
      let again = try await bench.chat()
      #expect(again.head.status == 200 && again.head.headers["x-easel-provider"] == "first")
      #expect(again.head.headers["x-easel-attempts"] == "2")
      #expect(bench.chats(bench.first) == 3 && bench.chats(bench.second) == 0)
    }
    try await with("retries: {floor: 0, budget: 0%}") { (bench: Bench) async throws in
      #expect(try await bench.chat().head.status == 200)
      bench.first.queue(Self.fault("resets"), route: "chat")
      let other = try await bench.chat()
      #expect(other.head.status == 200 && other.head.headers["x-easel-provider"] == "second")
      #expect(other.head.headers["x-easel-fallback"] == "first/m;reason=broken")
    }
  }

  @Test("of several answers in one stream none is cut off in silence")
  func severalChoices() async throws {
    try await with("retries: {budget: 0%, floor: 0}") { (bench: Bench) async throws in
      var cut = SimulatorFault()
      cut.replay = Array(
        [
          #"{"index":0,"delta":{"content":"a"}}"#, #"{"index":1,"delta":{"content":"b"}}"#,
          #"{"index":0,"delta":{},"finish_reason":"stop"}"#,
        ]
        .map { "data: {\"choices\":[\($0)]}\n\n" }.joined().utf8)
      bench.first.queue(cut, route: "chat")
      let body = #"{"model":"m","stream":true,"n":2,"messages":[{"role":"user","content":"a"}]}"#
      let answer = try await bench.client.value.send(
        ClientRequest(
          .post, try HTTPURL(bench.url).appending(path: "v1/chat/completions"), headers: [:],
          body: Array(body.utf8)),
        bodyLimit: 1 << 20)
      let text = String(decoding: answer.body, as: UTF8.self)
      #expect(text.contains("upstream_cut") || text.contains("\"error\""), "\(text)")
    }
  }
}

/// A number that tasks of one loop change.
final class LockedInt: @unchecked Sendable {
  // Behind a lock.
  private let lock = NSLock()
  private var number = 0
  var value: Int {
    get { lock.withLock { number } }
    set { lock.withLock { number = newValue } }
  }
}
