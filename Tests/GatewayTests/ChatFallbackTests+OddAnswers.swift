import EventLoop
import Foundation
import HTTP
import OpenAIWire
import Simulator
import TestSupport
import Testing

/// Answers under a status that says that all is well, and that are none, or not what they are called.
extension ChatFallbackTests {
  /// - Parameters:
  ///   - pieces: what another upstream, `raw`, with the model `r`, answers. `rough` is that and the second.
  ///   - isHeld: whether what follows the first piece waits until the body calls its second argument.
  private func with(
    _ configuration: String = "", raw pieces: [String], isHeld: Bool = false,
    _ body: @escaping @Sendable (Bench, @Sendable () async throws -> Void) async throws -> Void
  ) async throws {
    let group = EventLoopGroup(count: 1)
    let loop = group.loops[0]
    let raw = try await loop.run {
      LoopBound(try RawUpstream(loop, pieces: pieces, isHeld: isHeld), on: loop)
    }
    let port = try await loop.run { raw.value.port }
    let other = "{name: raw, base_url: \"http://127.0.0.1:\(port)/v1\", models: [r]}"
    try await with(configuration, others: [other], alias: "rough: [r, second/n]") {
      (bench: Bench) async throws in
      try await body(bench) { try await loop.run { raw.value.release() } }
    }
    try await loop.run { raw.value.close() }
    await group.shutdown()
  }

  private static func head(_ type: String?, _ fields: String = "connection: close\r\n") -> String {
    let type = type.map { "content-type: \($0)\r\n" } ?? ""
    return "HTTP/1.1 200 OK\r\n\(type)\(fields)\r\n"
  }

  /// A chat with `raw`, to be streamed.
  private static func streamed(_ bench: Bench) throws -> ClientRequest {
    ClientRequest(
      .post, try HTTPURL(bench.url).appending(path: "v1/chat/completions"),
      body: Array("{\"model\":\"r\",\"stream\":true,\"messages\":[{\"role\":\"user\"}]}".utf8))
  }

  @Test(
    "an error that a 200 hides is a failure, and the client's where nobody else answers",
    arguments: [true, false])
  func hidden(_ withTools: Bool) async throws {
    try await with("image_tool: {enabled: \(withTools)}\nretries: {floor: 100}") {
      (bench: Bench) async throws in
      var fault = Self.fault("200")
      fault.body = "{\"error\":{\"message\":\"no\",\"code\":503}}"
      for _ in 0..<3 { bench.first.queue(fault, route: "chat") }
      let alone = try await bench.chat("m")
      #expect(alone.head.status == 503, "SDKs would take a 200 for an answer")
      #expect(String(decoding: alone.body, as: UTF8.self) == fault.body)
      let pages = [("", "text/html"), ("<html>", "text/html"), ("<Error>", "application/xml")]
      for (body, type) in pages {
        var page = Self.fault("200")
        (page.body, page.contentType) = (body, type)
        bench.first.queue(page, route: "chat")
        let nothing = try await bench.chat("m")
        #expect(nothing.head.status == 502)
        let error = try JSONSlice.parse(nothing.body)["error"]
        #expect(error?["code"]?.string == "upstream_malformed")
      }
      var marked = Self.fault("200")
      marked.body = "\u{FEFF}{\"error\":{\"message\":\"no\",\"code\":400}}"
      bench.first.queue(marked, route: "chat")
      #expect(try await bench.chat("m").head.status == 400)
      // What is no JSON for us, and no page, is the client's to read, and is not paid for twice.
      for body in ["\u{FEFF}{\"choices\":[]}", "[1]", "data: {\"choices\":[]}\n\n"] {
        let asked = bench.chats(bench.first)
        var odd = Self.fault("200")
        (odd.body, odd.contentType) = (body, "text/plain")
        bench.first.queue(odd, route: "chat")
        let answer = try await bench.chat("m")
        #expect(answer.head.status == 200 && String(decoding: answer.body, as: UTF8.self) == body)
        #expect(bench.chats(bench.first) == asked + 1)
      }
      let failed = try await bench.metrics().filter { line in
        line.hasPrefix("easel_requests_total{route=\"/v1/chat/completions\"")
          && line.contains("outcome=\"upstream_error\"") && !line.hasSuffix(" 0")
      }
      #expect(failed.contains { $0.contains("\"503\"") && $0.hasSuffix(" 1") }, "\(failed)")
      #expect(failed.contains { $0.contains("\"502\"") && $0.hasSuffix(" 3") }, "\(failed)")
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
      var page = Self.fault("200")
      (page.body, page.contentType) = ("<html>", "text/html")
      bench.first.queue(page, route: "chat")
      let answer = try await bench.chat()
      #expect(answer.head.headers["x-easel-fallback"] == "first/m;reason=broken")
      // SDKs pass over a mark of the byte order.
      var marked = Self.fault("200")
      marked.body = "\u{FEFF}{\"choices\":[]}"
      bench.first.queue(marked, route: "chat")
      let read = try await bench.chat()
      #expect(read.head.headers["x-easel-provider"] == "first")
      #expect(String(decoding: read.body, as: UTF8.self) == marked.body)
      marked.body = "\u{FEFF}{\"error\":{\"message\":\"no\",\"code\":503}}"
      bench.first.queue(marked, route: "chat")
      let refused = try await bench.chat()
      #expect(refused.head.headers["x-easel-fallback"] == "first/m;reason=status_503")
    }
  }

  @Test(
    "what is no answer, though a 200 says so, is found in however many pieces it comes",
    arguments: ["application/json; charset=utf-8", "text/plain"], [false, true])
  func hiddenInPieces(_ type: String, _ withTools: Bool) async throws {
    try await with("image_tool: {enabled: \(withTools)}") { (bench: Bench) async throws in
      let error = "{\"error\":{\"message\":\"no\",\"code\":503}}"
      for (text, reason) in [
        (error, "status_503"), (String(repeating: "\n ", count: 500) + error, "status_503"),
        ("\u{FEFF}" + error, "status_503"),
        ("\u{FEFF}" + String(repeating: "\n", count: 100) + error, "status_503"),
        ("\u{FEFF}<html>", "broken"), (" \n", "broken"),
      ] {
        var fault = SimulatorFault()
        fault.replay = Array(text.utf8)
        fault.contentType = type
        fault.splitsEveryByte = true
        bench.first.queue(fault, route: "chat")
        let answer = try await bench.chat()
        #expect(answer.head.status == 200)
        #expect(answer.head.headers["x-easel-provider"] == "second", "\(text.suffix(20))")
        #expect(answer.head.headers["x-easel-fallback"] == "first/m;reason=\(reason)")
      }
      // Nothing is known of what comes before it has come; and a tag makes no page of plain text.
      for text in ["\n\nno JSON", "<think>"].prefix(type == "text/plain" ? 2 : 1) {
        var words = SimulatorFault()
        words.replay = Array(text.utf8)
        words.contentType = type
        words.splitsEveryByte = true
        bench.first.queue(words, route: "chat")
        let answer = try await bench.chat("m")
        #expect(answer.body == words.replay)
      }
    }
  }

  /// Answers that come in two pieces, and the reason for which they are no success.
  static let broken: [(String, String, String)] = [
    ("content-length: 25\r\n", "{\"error\":{\"me|ssage\":\"a\"}}", "stream_error"),
    ("content-length: 25\r\n", "{\"error\":{\"me|ssage\"", "broken"),
    ("connection: close\r\n", "{\"choices\":[|{\"index\":", "broken"),
    ("connection: close\r\n", "{\"choices\":|", "broken"),
    ("connection: close\r\n", "\u{FEFF}{\"error\":{\"me|ssage\":\"a\"}}", "stream_error"),
  ]

  @Test(
    "what comes in pieces is a failure like others where it is one", arguments: broken,
    ["whole", "whole, with tools", "streamed", "streamed, with tools"])
  func brokenInPieces(
    _ answer: (fields: String, body: String, reason: String), _ asked: String
  ) async throws {
    let streams = asked.hasPrefix("streamed")
    var pieces = answer.body.components(separatedBy: "|")
    pieces[0] = Self.head("application/json", answer.fields) + pieces[0]
    try await with(
      "image_tool: {enabled: \(asked.hasSuffix("tools"))}", raw: pieces
    ) { bench, _ in
      let chat = try await bench.chat("rough", stream: streams)
      #expect(chat.head.status == 200 && chat.head.headers["x-easel-provider"] == "second")
      #expect(chat.head.headers["x-easel-fallback"] == "raw/r;reason=\(answer.reason)")
      let alone = try await bench.chat("r", stream: streams)
      #expect(alone.head.status == 502)
      if !answer.fields.hasPrefix("content-length"), answer.reason == "broken" {
        #expect(try JSONSlice.parse(alone.body)["error"]?["code"]?.string == "upstream_cut")
      }
    }
  }

  /// Begins of answers that are passed on as they come.
  static let streams = [
    "data: {\"choices\":[]}\n\n", ": keep-alive\n\n", "\u{FEFF}data: {}\n\n", "words",
    "{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"choices\":[]}\n",
  ]

  @Test(
    "what streams is passed on as it comes, whatever its type is called", arguments: streams,
    ["text/plain", "text/html; charset=UTF-8", "application/x-ndjson"])
  func oddStreams(_ begin: String, _ type: String) async throws {
    try await with(
      "image_tool: {enabled: false}", raw: [Self.head(type) + begin, "the end"], isHeld: true
    ) { bench, release in
      try await bench.client.value.withResponse(try Self.streamed(bench)) { response in
        var body: [UInt8] = []
        while body.count < begin.utf8.count, let piece = try await response.next() { body += piece }
        #expect(String(decoding: body, as: UTF8.self) == begin)
        try await release()
        #expect(try await response.collect(limit: 100) == Array("the end".utf8))
      }
    }
  }

  @Test(
    "a stream of events is one for the tool, too, whatever its type is called",
    arguments: ["text/plain", "text/html", nil])
  func oddStreamsWithTools(_ type: String?) async throws {
    let event = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"}}]}\n\n"
    try await with(
      raw: [Self.head(type) + "\n\n" + event, "data: [DONE]\n\n"], isHeld: true
    ) { bench, release in
      try await bench.client.value.withResponse(try Self.streamed(bench)) { response in
        #expect(response.head.headers["content-type"] == "text/event-stream")
        var body: [UInt8] = []
        while !body.contains("Hi"), let piece = try await response.next() { body += piece }
        #expect(body.contains("\"Hi\"") && !body.contains("[DONE]"))
        try await release()
        #expect(try await response.collect(limit: 1000).contains("[DONE]"))
      }
    }
  }

  @Test(
    "a stream's byte order mark may come in pieces", arguments: ["text/plain", "text/event-stream"])
  func dividedMark(_ type: String) async throws {
    let event = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi\"}}]}\n\n"
    try await with { (bench: Bench) async throws in
      var marked = SimulatorFault()
      marked.replay = Array("\u{FEFF}\(event)data: [DONE]\n\n".utf8)
      (marked.contentType, marked.splitsEveryByte) = (type, true)
      bench.first.queue(marked, route: "chat")
      let answer = try await bench.chat("m", stream: true)
      #expect(answer.head.headers["content-type"] == "text/event-stream")
      #expect(answer.body.contains("\"Hi\"") && answer.body.contains("[DONE]"))
    }
  }

  @Test("a client sees an upstream at work that has not told for long what it sends")
  func longBlanks() async throws {
    let blanks = String(repeating: " ", count: 70_000)
    let pieces = [Self.head("text/plain") + blanks, "the end"]
    try await with("image_tool: {enabled: false}", raw: pieces, isHeld: true) { bench, release in
      try await bench.client.value.withResponse(try Self.streamed(bench)) { response in
        var count = 0
        while count < blanks.utf8.count, let piece = try await response.next() {
          count += piece.count
        }
        #expect(count == blanks.utf8.count)
        try await release()
        #expect(try await response.collect(limit: 100) == Array("the end".utf8))
      }
    }
  }

  @Test(
    "what is no stream and no answer is not asked for twice where tools are streamed",
    arguments: ["words", "[1]", "{\"choices\":[],}", "<think>"])
  func wordsWithTools(_ body: String) async throws {
    try await with(raw: [Self.head("text/plain") + body]) { bench, _ in
      let answer = try await bench.chat("r", stream: true)
      #expect(answer.head.status == 502)
      let error = try JSONSlice.parse(answer.body)["error"]
      #expect(error?["code"]?.string == "upstream_malformed")
      #expect(try await bench.repetitions(at: "raw") == 0)
    }
  }

  @Test(
    "what breaks off is asked for once more where tools are streamed, whatever its type is called",
    arguments: [("", "upstream_malformed"), ("{\"choices\":[{\"mess", "upstream_cut")],
    ["text/plain", nil])
  func cutWithTools(_ answer: (body: String, code: String), _ type: String?) async throws {
    try await with("retries: {floor: 100}", raw: [Self.head(type) + answer.body]) { bench, _ in
      let chat = try await bench.chat("r", stream: true)
      #expect(chat.head.status == 502)
      #expect(try JSONSlice.parse(chat.body)["error"]?["code"]?.string == answer.code)
      #expect(try await bench.repetitions(at: "raw") > 0)
    }
  }

  @Test("JSON that is wrong within has not broken off", arguments: [false, true])
  func wrongWithin(_ streams: Bool) async throws {
    let body = "{\"choices\":[{\"logprobs\":NaN}]}"
    try await with(raw: [Self.head("application/json") + body]) { bench, _ in
      let answer = try await bench.chat("r", stream: streams)
      #expect(answer.head.status == 502 || !streams)
      #expect(streams || String(decoding: answer.body, as: UTF8.self) == body)
      // What was worked on, and paid for, is not asked for once more.
      #expect(try await bench.repetitions(at: "raw") == 0)
      if streams {
        let error = try JSONSlice.parse(answer.body)["error"]
        #expect(error?["code"]?.string == "upstream_malformed")
      }
    }
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
}
