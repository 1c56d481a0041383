import OpenAIWire
import Testing

@testable import ToolLoop

/// A stream as an upstream would send it, from the deltas alone.
struct Script {
  var bytes: [UInt8] = []
  var id = "chatcmpl-1"

  mutating func delta(_ delta: String, finish: String? = nil, extra: String = "") {
    let reason = finish.map { "\"\($0)\"" } ?? "null"
    raw(
      "{\"id\":\"\(id)\",\"object\":\"chat.completion.chunk\",\"created\":7,\"model\":\"m\","
        + "\"choices\":[{\"index\":0,\"delta\":\(delta),\"finish_reason\":\(reason)}]\(extra)}")
  }

  mutating func call(_ index: Int, id: String? = nil, name: String? = nil, _ arguments: String) {
    let escaped = String(decoding: JSONWriter.string(arguments), as: UTF8.self)
    let idMember = id.map { "\"id\":\"\($0)\",\"type\":\"function\"," } ?? ""
    let nameMember = name.map { "\"name\":\"\($0)\"," } ?? ""
    delta(
      "{\"tool_calls\":[{\"index\":\(index),\(idMember)\"function\":{\(nameMember)\"arguments\":\(escaped)}}]}"
    )
  }

  mutating func usage(_ total: Int) {
    raw(
      "{\"id\":\"\(id)\",\"object\":\"chat.completion.chunk\",\"created\":7,\"model\":\"m\","
        + "\"choices\":[],\"usage\":{\"total_tokens\":\(total),\"details\":{\"cached\":1}}}")
  }

  mutating func raw(_ data: String) { bytes += Array("data: \(data)\n\n".utf8) }
  mutating func done() { raw("[DONE]") }
}

/// What a client reads.
struct ClientView {
  var content = ""
  var calls: [Int: (id: String, name: String, arguments: String)] = [:]
  var finishReasons: [String] = []
  var roles = 0
  var ids: Set<String> = []
  var usage: [Int] = []
  var isDone = false

  init(_ bytes: [UInt8]) throws {
    var parser = SSEParser()
    parser.push(bytes)
    while let event = try parser.next() {
      if event.isDone {
        isDone = true
        continue
      }
      let chunk = try JSONSlice.parse(event.data)
      if let id = chunk["id"]?.string { ids.insert(id) }
      if let total = chunk["usage"]?["total_tokens"]?.int { usage.append(total) }
      guard let choice = chunk["choices"]?[0] else { continue }
      let delta = choice["delta"]
      if delta?["role"] != nil { roles += 1 }
      content += delta?["content"]?.string ?? ""
      if let reason = choice["finish_reason"]?.string { finishReasons.append(reason) }
      for call in delta?["tool_calls"].map({ Array($0.elements) }) ?? [] {
        let index = call["index"]?.int ?? -1
        var entry = calls[index] ?? ("", "", "")
        entry.id += call["id"]?.string ?? ""
        entry.name += call["function"]?["name"]?.string ?? ""
        entry.arguments += call["function"]?["arguments"]?.string ?? ""
        calls[index] = entry
      }
    }
  }
}

@Suite("Interception")
struct InterceptionTests {
  let own: Set<String> = ["generate_image"]

  func run(
    _ script: Script, split: Bool = false
  ) throws -> (out: [UInt8], end: StreamInterceptor.End, interceptor: StreamInterceptor) {
    var interceptor = StreamInterceptor(ownTools: own)
    var out: [UInt8] = []
    for piece in split ? script.bytes.map({ [$0] }) : [script.bytes] {
      try interceptor.push(piece, into: &out)
    }
    let end = try interceptor.end(into: &out)
    return (out, end, interceptor)
  }

  @Test("text passes, the call and the end of the turn do not", arguments: [false, true])
  func ownCall(split: Bool) throws {
    var script = Script()
    script.delta("{\"role\":\"assistant\",\"content\":\"\"}")
    script.delta("{\"content\":\"One \\\"moment\\\"\"}")
    script.call(0, id: "a", name: "generate_image", "")
    script.call(0, "{\"prompt\":")
    script.call(0, "\"a cat\"}")
    script.delta("{}", finish: "tool_calls")
    script.usage(10)
    script.done()
    let (out, end, interceptor) = try run(script, split: split)
    let view = try ClientView(out)
    #expect(view.content == "One \"moment\"")
    #expect(view.finishReasons.isEmpty && view.calls.isEmpty && !view.isDone && view.usage.isEmpty)
    #expect(view.roles == 1)
    guard case .toolCalls(let calls, let others) = end else {
      Issue.record("no call was found")
      return
    }
    #expect(
      calls == [
        ToolCall(id: "a", name: "generate_image", arguments: Array("{\"prompt\":\"a cat\"}".utf8))
      ])
    #expect(others.isEmpty)
    #expect(String(decoding: interceptor.text, as: UTF8.self) == "One \\\"moment\\\"")
  }

  @Test("the client's calls keep ids and arguments and are numbered from 0 without gaps")
  func mixed() throws {
    var script = Script()
    script.call(0, id: "a", name: "generate_image", "{\"prompt\":\"x\"}")
    script.call(1, id: "b", name: "weather", "{\"city\":")
    script.call(1, "\"Rome\"}")
    script.call(2, id: "c", name: "generate_image", "{\"prompt\":\"y\"}")
    script.call(3, id: "d", name: "time", "{}")
    script.delta("{}", finish: "tool_calls")
    script.done()
    var (out, end, interceptor) = try run(script)
    guard case .toolCalls(let calls, let others) = end else {
      Issue.record("no call was found")
      return
    }
    #expect(calls.map(\.id) == ["a", "c"] && others.map(\.id) == ["b", "d"])
    out += interceptor.close(finishReason: "tool_calls")
    let view = try ClientView(out)
    #expect(view.calls.keys.sorted() == [0, 1])
    #expect(view.calls[0]?.id == "b" && view.calls[0]?.arguments == "{\"city\":\"Rome\"}")
    #expect(view.calls[1]?.id == "d" && view.calls[1]?.name == "time")
    #expect(view.finishReasons == ["tool_calls"] && view.isDone)
  }

  @Test("several calls in one chunk are all read")
  func siblings() throws {
    var script = Script()
    script.delta(
      "{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"generate_image\",\"arguments\":\"{\\\"prompt\\\":\\\"1\\\"}\"}},"
        + "{\"index\":1,\"id\":\"b\",\"function\":{\"name\":\"weather\",\"arguments\":\"{}\"}},"
        + "{\"index\":2,\"id\":\"c\",\"function\":{\"name\":\"generate_image\",\"arguments\":\"{\\\"prompt\\\":\\\"2\\\"}\"}}]}",
      finish: "tool_calls")
    script.done()
    let (out, end, _) = try run(script)
    guard case .toolCalls(let calls, let others) = end else {
      Issue.record("no call was found")
      return
    }
    #expect(calls.map(\.id) == ["a", "c"] && others.map(\.id) == ["b"])
    #expect(try ClientView(out).calls[0]?.name == "weather")
  }

  @Test("a call starts as soon as the next one begins")
  func early() throws {
    var interceptor = StreamInterceptor(ownTools: own)
    var out: [UInt8] = []
    var script = Script()
    script.call(0, id: "a", name: "generate_image", "{\"prompt\":\"x\"}")
    try interceptor.push(script.bytes, into: &out)
    #expect(interceptor.takeReady().isEmpty)
    var next = Script()
    next.call(1, id: "b", name: "generate_image", "{\"pro")
    try interceptor.push(next.bytes, into: &out)
    #expect(interceptor.takeReady().map(\.id) == ["a"])
    #expect(try interceptor.end(into: &out).isCut)
    #expect(interceptor.takeReady().isEmpty)
  }

  @Test("ids that a server repeats, or gives all index 0 with, are told apart")
  func oddServers() throws {
    var repeated = Script()
    repeated.call(0, id: "a", name: "generate_image", "{\"prompt\":")
    repeated.call(0, id: "a", "\"x\"}")
    repeated.delta("{}", finish: "stop")
    repeated.done()
    guard case .toolCalls(let one, _) = try run(repeated).end else {
      Issue.record("no call was found")
      return
    }
    #expect(one.map(\.id) == ["a"])

    var zeros = Script()
    zeros.call(0, id: "a", name: "generate_image", "{\"prompt\":\"x\"}")
    zeros.call(0, id: "b", name: "generate_image", "{\"prompt\":\"y\"}")
    zeros.delta("{}", finish: "stop")
    zeros.done()
    guard case .toolCalls(let two, _) = try run(zeros).end else {
      Issue.record("no call was found")
      return
    }
    #expect(two.map(\.id) == ["a", "b"])
  }

  @Test("a finish reason that comes before the call does not end the client's turn")
  func earlyFinish() throws {
    var script = Script()
    script.delta("{\"content\":\"Hm\"}", finish: "stop")
    script.call(0, id: "a", name: "generate_image", "{\"prompt\":\"x\"}")
    script.done()
    let (out, end, _) = try run(script)
    guard case .toolCalls = end else {
      Issue.record("no call was found")
      return
    }
    #expect(try ClientView(out).finishReasons.isEmpty)
  }

  @Test("arguments that the model's budget cuts run nothing and the client learns why")
  func truncated() throws {
    var script = Script()
    script.delta("{\"content\":\"Hm\"}")
    script.call(0, id: "a", name: "generate_image", "{\"prompt\":\"x")
    script.delta("{}", finish: "length")
    script.done()
    var (out, end, interceptor) = try run(script)
    guard case .truncated("length") = end else {
      Issue.record("a cut call was run")
      return
    }
    #expect(interceptor.takeReady().isEmpty)
    out += interceptor.close(finishReason: "length")
    #expect(try ClientView(out).finishReasons == ["length"])
  }

  @Test("a call that is complete runs, also where the model's budget cuts the next one")
  func truncatedLater() throws {
    var script = Script()
    script.call(0, id: "a", name: "generate_image", "{\"prompt\":\"x\"}")
    script.call(1, id: "b", name: "generate_image", "{\"prompt\":\"y")
    script.delta("{}", finish: "length")
    script.done()
    var (_, end, interceptor) = try run(script)
    guard case .truncated = end else {
      Issue.record("the end is not told")
      return
    }
    #expect(interceptor.takeReady().map(\.id) == ["a"])
  }

  @Test("calls without ids are told apart by their whole arguments, and get ids of their own")
  func withoutIDs() throws {
    var script = Script()
    script.call(0, id: "", name: "generate_image", "{\"prompt\":\"x\"}")
    script.call(0, id: "", name: "generate_image", "{\"prompt\":")
    script.call(0, id: "", name: "generate_image", "\"y\"}")
    script.call(0, id: "", name: "generate_image", "")
    script.delta("{}", finish: "stop")
    script.done()
    let (_, end, interceptor) = try run(script)
    guard case .toolCalls(let calls, _) = end else {
      Issue.record("no call was found")
      return
    }
    #expect(
      calls.map { String(decoding: $0.arguments, as: UTF8.self) }
        == ["{\"prompt\":\"x\"}", "{\"prompt\":\"y\"}"])
    var next = StreamInterceptor(continuing: interceptor, ownTools: own)
    var out: [UInt8] = []
    try next.push(script.bytes, into: &out)
    let later = next.takeReady()
    #expect(Set((calls + later).map(\.id)).count == 4)
  }

  @Test("usage in the event of a finish reason that is withheld is not lost")
  func usageWithFinish() throws {
    var script = Script()
    script.call(0, id: "a", name: "weather", "{}")
    script.call(1, id: "b", name: "generate_image", "{\"prompt\":\"x\"}")
    script.delta("{}", finish: "tool_calls", extra: ",\"usage\":{\"total_tokens\":7}")
    script.done()
    var (out, _, interceptor) = try run(script)
    out += interceptor.close(finishReason: "tool_calls")
    #expect(try ClientView(out).usage == [7])
  }

  @Test("a later round continues the answer: one id, one role, usage summed")
  func continuing() throws {
    var first = Script()
    first.delta("{\"role\":\"assistant\",\"content\":\"A\"}")
    first.call(0, id: "a", name: "generate_image", "{\"prompt\":\"x\"}")
    first.delta("{}", finish: "tool_calls")
    first.usage(10)
    first.done()
    var (out, _, interceptor) = try run(first)
    interceptor = StreamInterceptor(continuing: interceptor, ownTools: own)
    var second = Script(id: "chatcmpl-2")
    second.delta("{\"role\":\"assistant\",\"content\":\"\"}")
    second.delta("{\"content\":\"B\"}")
    second.delta("{}", finish: "stop")
    second.usage(5)
    second.done()
    try interceptor.push(second.bytes, into: &out)
    guard case .complete = try interceptor.end(into: &out) else {
      Issue.record("the answer did not end")
      return
    }
    let view = try ClientView(out)
    #expect(view.content == "AB" && view.roles == 1 && view.ids == ["chatcmpl-1"])
    #expect(view.finishReasons == ["stop"] && view.usage == [15] && view.isDone)
  }

  @Test("arguments beyond the bound are a fault, and so is an error event before the first chunk")
  func faults() throws {
    var limits = StreamInterceptor.Limits()
    limits.arguments = 10
    var interceptor = StreamInterceptor(ownTools: own, limits: limits)
    var script = Script()
    script.call(0, id: "a", name: "generate_image", "{\"prompt\":\"too long\"}")
    var out: [UInt8] = []
    #expect(throws: StreamInterceptor.Fault.self) { try interceptor.push(script.bytes, into: &out) }
    var failing = Script()
    failing.raw("{\"error\":{\"message\":\"no\",\"code\":429}}")
    var other = StreamInterceptor(ownTools: own)
    #expect(throws: StreamInterceptor.Fault.self) { try other.push(failing.bytes, into: &out) }
    #expect(out.isEmpty)
  }
}

extension StreamInterceptor.End {
  var isCut: Bool { if case .cut = self { true } else { false } }
}
