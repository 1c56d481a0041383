import Foundation
import OpenAIWire
import Testing

@testable import ToolLoop

@Suite("Recorded streams")
struct RecordedStreamTests {
  static let files: [String] = {
    guard let folder = Bundle.module.url(forResource: "Fixtures/streams", withExtension: nil),
      let all = try? FileManager.default.subpathsOfDirectory(atPath: folder.path)
    else { return [] }
    return all.filter { $0.hasSuffix(".sse") }.sorted()
  }()

  static func bytes(_ file: String) throws -> [UInt8] {
    let folder = try #require(
      Bundle.module.url(forResource: "Fixtures/streams", withExtension: nil))
    return Array(try Data(contentsOf: folder.appendingPathComponent(file)))
  }

  /// What a client gets.
  static func relay(_ pieces: [[UInt8]], own: Set<String> = ["generate_image"]) throws -> [UInt8] {
    var interceptor = StreamInterceptor(ownTools: own)
    var out: [UInt8] = []
    for piece in pieces { try interceptor.push(piece, into: &out) }
    _ = try interceptor.end(into: &out)
    return out
  }

  @Test("there are recordings to test with")
  func recordings() { #expect(Self.files.count >= 27) }

  @Test("a stream without the gateway's tool is relayed byte for byte", arguments: files)
  func verbatim(file: String) throws {
    let bytes = try Self.bytes(file)
    #expect(try Self.relay([bytes]) == bytes)
    #expect(try Self.relay(bytes.map { [$0] }) == bytes)
  }

  /// The interceptor is a value, so that the run up to each event is done once, and from there each
  /// split within the event and the one behind it is tried. Of events that differ in their words
  /// alone, a few are.
  @Test("a stream relays alike when split at any byte", arguments: files)
  func splits(file: String) throws {
    let bytes = try Self.bytes(file)
    var framer = SSEFramer()
    framer.push(bytes)
    var ends: [Int] = []
    while let frame = try framer.nextFrame() { ends.append((ends.last ?? 0) + frame.raw.count) }
    var state = StreamInterceptor(ownTools: ["generate_image"])
    var start = 0
    var tried: [[UInt8]: Int] = [:]
    for (index, end) in ends.enumerated() {
      let stop = index + 1 < ends.count ? ends[index + 1] : end
      var whole = state
      var expected: [UInt8] = []
      try whole.push(Array(bytes[start..<stop]), into: &expected)
      let shape = Self.shape(bytes[start..<stop])
      tried[shape, default: 0] += 1
      for position in start + 1..<end where tried[shape, default: 0] <= 3 {
        var split = state
        var out: [UInt8] = []
        try split.push(Array(bytes[start..<position]), into: &out)
        try split.push(Array(bytes[position..<stop]), into: &out)
        #expect(out == expected, "split at \(position)")
      }
      var skipped: [UInt8] = []
      try state.push(Array(bytes[start..<end]), into: &skipped)
      start = end
    }
    #expect(start == bytes.count)
  }

  /// What is left of events when each run of letters and digits becomes one.
  private static func shape(_ events: ArraySlice<UInt8>) -> [UInt8] {
    var shape: [UInt8] = []
    for byte in events {
      let isWord =
        byte >= 0x80 || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
      if isWord, shape.last == UInt8(ascii: "a") { continue }
      shape.append(isWord ? UInt8(ascii: "a") : byte)
    }
    return shape
  }

  @Test(
    "a recorded tool becomes the gateway's: its calls are withheld and complete",
    arguments: [
      ("xai/xai-tool-call.sse", "weather", "{\"location\":\"San Francisco\"}"),
      ("alibaba/alibaba-tool-call.sse", "weather", "{\"location\": \"San Francisco\"}"),
      (
        "mistral/mistral-incremental-tool-call.sse", "webSearchTool",
        "{\"query\": \"current Berlin weather\"}"
      ),
    ])
  func intercepted(file: String, tool: String, arguments: String) throws {
    for split in [false, true] {
      let bytes = try Self.bytes(file)
      var interceptor = StreamInterceptor(ownTools: [tool])
      var out: [UInt8] = []
      for piece in split ? bytes.map({ [$0] }) : [bytes] { try interceptor.push(piece, into: &out) }
      let ready = interceptor.takeReady()
      guard case .toolCalls(let own, let client) = try interceptor.end(into: &out) else {
        Issue.record("no calls were found")
        return
      }
      #expect(own.map(\.name) == [tool])
      #expect(own.map { String(decoding: $0.arguments, as: UTF8.self) } == [arguments])
      #expect(ready == own)
      #expect(client.isEmpty)
      #expect(!out.contains("tool_calls") && !out.contains("[DONE]"))
    }
  }
}
