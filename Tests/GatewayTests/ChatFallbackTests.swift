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

    func chats(_ simulator: SimulatorServer) -> Int {
      simulator.requests.filter { $0.route == "chat" }.count
    }
  }

  /// - Parameter breakers: whether there are breakers: most tests want the same answer each time.
  private func with(
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

  private static func fault(_ name: String) -> SimulatorFault {
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

  @Test(
    "an error that a 200 hides is a failure, and the client's where nobody else answers",
    arguments: [true, false])
  func hidden(_ withTools: Bool) async throws {
    try await with("image_tool: {enabled: \(withTools)}\nretries: {attempts: 1}") {
      (bench: Bench) async throws in
      var fault = Self.fault("200")
      fault.body = "{\"error\":{\"message\":\"no\",\"code\":503}}"
      bench.first.queue(fault, route: "chat")
      let alone = try await bench.chat("m")
      #expect(alone.head.status == 200)
      #expect(String(decoding: alone.body, as: UTF8.self) == fault.body)
    }
    try await with("image_tool: {enabled: \(withTools)}") { (bench: Bench) async throws in
      for isStreamed in [false, true] {
        var fault = Self.fault("200")
        fault.body = "{\"error\":{\"message\":\"no\",\"code\":503}}"
        bench.first.queue(fault, route: "chat")
        let answer = try await bench.chat(stream: isStreamed)
        #expect(answer.head.headers["x-easel-provider"] == "second")
        #expect(answer.head.headers["x-easel-fallback"] == "first/m;reason=status_503")
      }
      // A tool loop reads what it gets; a relay passes it on.
      guard withTools else { return }
      var page = Self.fault("200")
      (page.body, page.contentType) = ("<html>", "text/html")
      bench.first.queue(page, route: "chat")
      let answer = try await bench.chat()
      #expect(answer.head.headers["x-easel-fallback"] == "first/m;reason=broken")
    }
  }

  @Test("an error that a 200 hides is found in however many pieces it comes")
  func hiddenInPieces() async throws {
    try await with("image_tool: {enabled: false}") { (bench: Bench) async throws in
      let error = "{\"error\":{\"message\":\"no\",\"code\":503}}"
      for text in [error, String(repeating: "\n ", count: 500) + error] {
        var fault = SimulatorFault()
        fault.replay = Array(text.utf8)
        fault.contentType = "application/json; charset=utf-8"
        fault.splitsEveryByte = true
        bench.first.queue(fault, route: "chat")
        let answer = try await bench.chat()
        #expect(answer.head.status == 200)
        #expect(answer.head.headers["x-easel-provider"] == "second")
        #expect(answer.head.headers["x-easel-fallback"] == "first/m;reason=status_503")
      }
      // What is no JSON is passed on as it comes.
      var sound = SimulatorFault()
      sound.replay = Array(error.utf8)
      sound.contentType = "audio/mpeg"
      bench.first.queue(sound, route: "chat")
      let answer = try await bench.chat()
      #expect(answer.head.headers["x-easel-provider"] == "first")
      #expect(String(decoding: answer.body, as: UTF8.self) == error)
    }
  }

  /// Answers that come in two pieces, and the reason for which they are no success.
  static let broken: [(String, String, String)] = [
    ("content-length: 25\r\n", "{\"error\":{\"me|ssage\":\"a\"}}", "stream_error"),
    ("content-length: 25\r\n", "{\"error\":{\"me|ssage\"", "broken"),
    ("connection: close\r\n", "{\"choices\":[|{\"index\":", "broken"),
  ]

  @Test("what comes in pieces is a failure like others where it is one", arguments: broken)
  func brokenInPieces(_ answer: (fields: String, body: String, reason: String)) async throws {
    let group = EventLoopGroup(count: 1)
    let loop = group.loops[0]
    var pieces = answer.body.components(separatedBy: "|")
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\(answer.fields)\r\n"
    pieces[0] = head + pieces[0]
    let raw = try await loop.run { [pieces] in
      LoopBound(try RawUpstream(loop, pieces: pieces), on: loop)
    }
    let port = try await loop.run { raw.value.port }
    let other = "{name: raw, base_url: \"http://127.0.0.1:\(port)/v1\", models: [r]}"
    try await with(
      "image_tool: {enabled: false}", others: [other], alias: "rough: [r, second/n]"
    ) { (bench: Bench) async throws in
      let chat = try await bench.chat("rough")
      #expect(chat.head.status == 200 && chat.head.headers["x-easel-provider"] == "second")
      #expect(chat.head.headers["x-easel-fallback"] == "raw/r;reason=\(answer.reason)")
      // An error is the client's as it is; half of an answer is not.
      let alone = try await bench.chat("r")
      #expect(alone.head.status == (answer.reason == "broken" ? 502 : 200))
    }
    try await loop.run { raw.value.close() }
    await group.shutdown()
  }

  @Test("of an answer in one piece that is cut the client gets nothing")
  func cutWhole() async throws {
    try await with("image_tool: {enabled: false}\nretries: {budget: 0%, floor: 0}") {
      (bench: Bench) async throws in
      var fault = SimulatorFault()
      fault.resetAfter = 100
      for _ in 0..<2 { bench.first.queue(fault, route: "chat") }
      let answer = try await bench.chat()
      #expect(answer.head.status == 200)
      #expect(answer.head.headers["x-easel-fallback"] == "first/m;reason=broken")
      #expect(throws: Never.self) { try JSONSlice.parse(answer.body) }
      #expect(try await bench.chat("m").head.status == 502)
      // More than is held back is passed on as it comes.
      var giant = SimulatorFault()
      giant.giantBytes = 3 << 20
      bench.first.queue(giant, route: "chat")
      let large = try await bench.chat()
      #expect(large.head.status == 200 && large.body.count > 3 << 20)
      #expect(large.head.headers["x-easel-provider"] == "first")
    }
  }

  @Test("what the client got wrong is nobody else's business", arguments: [400, 404, 422])
  func clientErrors(_ status: Int) async throws {
    try await with { (bench: Bench) async throws in
      bench.first.queue(Self.fault("\(status)"), route: "chat")
      #expect(try await bench.chat().head.status == status)
      #expect(bench.chats(bench.first) == 1 && bench.chats(bench.second) == 0)
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
    let others = try (0..<4).map { number in
      let port = try FreePort.next()
      return "{name: x\(number), base_url: \"http://127.0.0.1:\(port)/v1\", models: [x]}"
    }
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
    arguments: ["503", "resets"])
  func unreliable(_ failure: String) async throws {
    try await with(breakers: true) { (bench: Bench) async throws in
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
      #expect(bench.chats(bench.first) * 10 <= count * 12)
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
        try await eventually("one is under way") { bench.first.openCount == 1 }
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
        try await eventually("the others wait, and one more is told so") {
          let answer = try await bench.chat("m")
          return answer.head.status == 503 && answer.head.headers["retry-after"] == "1"
        }
        let other = try await bench.chat("pair")
        #expect(other.head.headers["x-easel-provider"] == "second")
        #expect(other.head.headers["x-easel-fallback"] == "first/m;reason=busy")
        #expect(bench.first.openCount == 2)
        let lines = Set(try await bench.metrics())
        #expect(lines.contains("easel_upstream_in_flight{upstream=\"first\"} 2"))
        #expect(lines.contains("easel_upstream_waiting{upstream=\"first\"} 3"))
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
        try await eventually("the trial is under way") { bench.second.openCount == 1 }
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
