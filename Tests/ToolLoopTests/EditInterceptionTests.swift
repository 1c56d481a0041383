import OpenAIWire
import Testing

@testable import ToolLoop

@Suite("Interception of edit_image")
struct EditInterceptionTests {
  static let own: Set<String> = ["generate_image", "edit_image"]
  static let arguments = "{\"prompt\":\"make it \\\"blue\\\" \u{1F98A}\",\"image\":\"image_1\"}"

  /// A turn with calls of both tools around one of the client's.
  static var script: Script {
    var script = Script()
    script.delta("{\"role\":\"assistant\",\"content\":\"\"}")
    script.delta("{\"content\":\"One \\u00e9 moment\"}")
    script.call(0, id: "a", name: "edit_image", "")
    script.call(0, String(arguments.prefix(14)))
    script.call(0, String(arguments.dropFirst(14)))
    script.call(1, id: "b", name: "weather", "{\"city\":")
    script.call(1, "\"Rome\"}")
    script.call(2, id: "c", name: "generate_image", "{\"prompt\":\"a cat\"}")
    script.delta("{}", finish: "tool_calls")
    script.usage(10)
    script.done()
    return script
  }

  func check(
    _ out: [UInt8], _ ready: [ToolCall], _ end: StreamInterceptor.End,
    _ interceptor: StreamInterceptor, _ place: String
  ) throws {
    guard case .toolCalls(let own, let clients) = end else {
      Issue.record("no calls were found, \(place)")
      return
    }
    let expected = [
      ToolCall(id: "a", name: "edit_image", arguments: Array(Self.arguments.utf8)),
      ToolCall(id: "c", name: "generate_image", arguments: Array("{\"prompt\":\"a cat\"}".utf8)),
    ]
    #expect(own == expected && ready == expected, "\(place)")
    #expect(clients.map(\.id) == ["b"], "\(place)")
    var interceptor = interceptor
    let view = try ClientView(out + interceptor.close(finishReason: "tool_calls"))
    #expect(view.content == "One é moment" && view.roles == 1, "\(place)")
    #expect(view.calls.keys.sorted() == [0] && view.calls[0]?.name == "weather", "\(place)")
    #expect(view.calls[0]?.arguments == "{\"city\":\"Rome\"}", "\(place)")
    #expect(view.finishReasons == ["tool_calls"] && view.isDone, "\(place)")
    #expect(!out.contains("edit_image") && !out.contains("generate_image"), "\(place)")
  }

  @Test("both tools in one turn, beside a client's, wherever the stream is split")
  func splits() throws {
    let bytes = Self.script.bytes
    var whole: [UInt8]?
    for position in 0...bytes.count {
      var interceptor = StreamInterceptor(ownTools: Self.own)
      var out: [UInt8] = []
      var ready: [ToolCall] = []
      for piece in [bytes[..<position], bytes[position...]] where !piece.isEmpty {
        try interceptor.push(Array(piece), into: &out)
        ready += interceptor.takeReady()
      }
      let end = try interceptor.end(into: &out)
      ready += interceptor.takeReady()
      if let whole {
        #expect(out == whole, "split at \(position)")
      } else {
        whole = out
      }
      try check(out, ready, end, interceptor, "split at \(position)")
    }
  }

  @Test("byte for byte")
  func bytes() throws {
    var interceptor = StreamInterceptor(ownTools: Self.own)
    var out: [UInt8] = []
    var ready: [ToolCall] = []
    for byte in Self.script.bytes {
      try interceptor.push([byte], into: &out)
      ready += interceptor.takeReady()
    }
    let end = try interceptor.end(into: &out)
    try check(out, ready, end, interceptor, "byte for byte")
  }

  @Test("a client's own edit_image is the client's")
  func clients() throws {
    var script = Script()
    script.call(0, id: "a", name: "edit_image", "{\"x\":1}")
    script.delta("{}", finish: "tool_calls")
    script.done()
    var interceptor = StreamInterceptor(ownTools: ["generate_image"])
    var out: [UInt8] = []
    try interceptor.push(script.bytes, into: &out)
    guard case .complete = try interceptor.end(into: &out) else {
      Issue.record("the client's call was taken")
      return
    }
    #expect(out == script.bytes)
  }
}
