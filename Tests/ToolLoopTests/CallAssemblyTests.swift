import OpenAIWire
import Testing

@testable import ToolLoop

/// How servers spread the calls of one turn over their deltas.
@Suite("Call assembly")
struct CallAssemblyTests {
  static let cat = "{\"prompt\":\"a cat\"}"
  static let dog = "{\"prompt\":\"a dog\"}"

  /// One entry of `tool_calls`.
  struct Entry: Sendable {
    var index: Int?
    var id: String?
    var name: String?
    var arguments: String?

    init(_ index: Int?, _ id: String? = nil, _ name: String? = nil, _ arguments: String? = nil) {
      (self.index, self.id, self.name, self.arguments) = (index, id, name, arguments)
    }

    var json: String {
      let bytes = JSONWriter.object { entry in
        entry.member("index", index)
        entry.member("id", id)
        entry.key("function")
        entry.beginObject()
        entry.member("name", name)
        entry.member("arguments", arguments)
        entry.endObject()
      }
      return String(decoding: bytes, as: UTF8.self)
    }
  }

  struct Turn: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let entries: [Entry]
    /// What the gateway is to run, in order.
    var own = [cat, dog]
    /// What a client is to read, by name.
    var clients: [String: String] = [:]
    var finish: String? = "tool_calls"
    /// The finish reason that each delta has before the last.
    var reason = "null"
  }

  static let draw = "generate_image"

  static let turns = [
    Turn(
      testDescription: "all names, then the arguments in turns",
      entries: [
        Entry(0, "a", draw, ""), Entry(1, "b", draw, ""), Entry(0, nil, nil, "{\"prompt\":"),
        Entry(1, nil, nil, "{\"prompt\":"), Entry(0, nil, nil, "\"a cat\"}"),
        Entry(1, nil, nil, "\"a dog\"}"),
      ]),
    Turn(
      testDescription: "an empty finish reason in each delta",
      entries: [
        Entry(0, "a", draw, ""), Entry(0, nil, nil, cat), Entry(1, "b", draw, ""),
        Entry(1, nil, nil, dog),
      ], reason: "\"\""),
    Turn(
      testDescription: "no index, pieces in turns by id",
      entries: [
        Entry(nil, "a", draw, "{\"prompt\":"), Entry(nil, "b", draw, "{\"prompt\":"),
        Entry(nil, "a", nil, "\"a cat\"}"), Entry(nil, "b", nil, "\"a dog\"}"),
      ]),
    Turn(
      testDescription: "index 0 for all, pieces in turns by id",
      entries: [
        Entry(0, "a", draw, "{\"prompt\":"), Entry(0, "b", draw, "{\"prompt\":"),
        Entry(0, "a", nil, "\"a cat\"}"), Entry(0, "b", nil, "\"a dog\"}"),
      ]),
    Turn(
      testDescription: "one id and one index for all",
      entries: [Entry(0, "a", draw, cat), Entry(0, "a", draw, dog)]),
    Turn(
      testDescription: "one id, each with its index",
      entries: [Entry(0, "a", draw, cat), Entry(1, "a", draw, dog)]),
    Turn(
      testDescription: "a line end behind arguments, after the next call has begun",
      entries: [Entry(0, "a", draw, cat), Entry(1, "b", draw, dog), Entry(0, nil, nil, "\n")]),
    Turn(
      testDescription: "each call once more as a whole behind its pieces",
      entries: [
        Entry(0, "a", draw, "{\"prompt\":"), Entry(0, nil, nil, "\"a cat\"}"),
        Entry(0, "a", draw, cat),
        Entry(1, "b", draw, dog), Entry(0, "a", draw, cat), Entry(1, "b", draw, dog),
      ]),
    Turn(
      testDescription: "an id before its name, behind a call of the gateway's",
      entries: [
        Entry(0, "a", draw, cat), Entry(1, "b"), Entry(1, nil, "weather", "{\"city\":"),
        Entry(1, nil, nil, "1}"),
      ], own: [cat], clients: ["weather": "{\"city\":1}"]),
    Turn(
      testDescription: "arguments before the name",
      entries: [
        Entry(0, "a", draw, cat), Entry(1, "b", nil, "{\"ci"), Entry(1, nil, "weather", "ty\":"),
        Entry(1, nil, nil, "1}"), Entry(2, "c", "time", "{}"),
      ], own: [cat], clients: ["weather": "{\"city\":1}", "time": "{}"]),
    Turn(
      testDescription: "pieces of the gateway's and a client's call in turns",
      entries: [
        Entry(0, "a", draw, ""), Entry(1, "b", "weather", ""), Entry(0, nil, nil, "{\"prompt\":"),
        Entry(1, nil, nil, "{\"city\":"), Entry(0, nil, nil, "\"a cat\"}"),
        Entry(1, nil, nil, "1}"),
      ], own: [cat], clients: ["weather": "{\"city\":1}"]),
    Turn(
      testDescription: "a call that has no arguments at all",
      entries: [Entry(0, "a", draw), Entry(1, "b", draw, dog)], own: ["{}", dog]),
  ]

  @Test(
    "each call is run once with its own arguments, and the client reads its own", arguments: turns)
  func assembled(turn: Turn) throws {
    var bytes: [UInt8] = []
    func event(_ delta: String, _ reason: String) {
      bytes += Array(
        ("data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":\(delta),"
          + "\"finish_reason\":\(reason)}]}\n\n").utf8)
    }
    event("{\"role\":\"assistant\",\"content\":null}", turn.reason)
    for entry in turn.entries { event("{\"tool_calls\":[\(entry.json)]}", turn.reason) }
    event("{}", "\"tool_calls\"")
    bytes += SSEWriter.done

    var interceptor = StreamInterceptor(ownTools: [Self.draw])
    var out: [UInt8] = []
    var started: [ToolCall] = []
    // A piece for each event, so that whatever starts too early does.
    for piece in bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
      try interceptor.push(piece + [0x0A], into: &out)
      started += interceptor.takeReady()
    }
    let end = try interceptor.end(into: &out)
    started += interceptor.takeReady()
    guard case .toolCalls(let own, let others) = end else {
      Issue.record("no call was found")
      return
    }
    #expect(own.map { String(decoding: $0.arguments, as: UTF8.self) } == turn.own)
    // What was started is what the turn is told to hold: nothing runs twice.
    #expect(Set(started) == Set(own) && started.count == own.count)
    #expect(Set(own.map(\.id)).count == own.count)
    #expect(others.map(\.name) == turn.entries.compactMap(\.name).filter { $0 != Self.draw })

    let view = try ClientView(out + interceptor.close(finishReason: "tool_calls"))
    let read = view.calls.values.map { ($0.name, $0.arguments) }
    #expect(Dictionary(uniqueKeysWithValues: read) == turn.clients)
    #expect(view.calls.keys.sorted() == Array(0..<turn.clients.count))
    #expect(view.calls.values.allSatisfy { !$0.id.isEmpty })
  }

  @Test("what a server adds to a call goes back to it with the call, also by way of a store")
  func signatures() throws {
    var script = Script()
    script.delta(
      "{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"type\":\"function\",\"function\":"
        + "{\"name\":\"generate_image\",\"arguments\":\"{}\"},"
        + "\"extra_content\":{\"google\":{\"thought_signature\":\"s=\"}}}]}")
    script.delta("{}", finish: "tool_calls")
    script.done()
    var interceptor = StreamInterceptor(ownTools: [Self.draw])
    var out: [UInt8] = []
    try interceptor.push(script.bytes, into: &out)
    guard case .toolCalls(let calls, _) = try interceptor.end(into: &out) else {
      Issue.record("no call was found")
      return
    }
    let turn = RememberedTurn(calls: calls.map { ($0, []) })
    let stored = try #require(RememberedTurn(json: turn.json))
    for call in calls + stored.calls.map(\.call) {
      let entry = try JSONSlice.parse(Conversation.entry(call))
      #expect(entry["extra_content"]?["google"]?["thought_signature"]?.isString("s=") == true)
      #expect(entry["index"] == nil)
    }
  }
}
