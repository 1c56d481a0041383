import Foundation
import OpenAIWire
import Testing

@Suite("SSE vectors")
struct SSEVectorTests {
  struct Vector: Decodable, Sendable, CustomTestStringConvertible {
    struct Event: Decodable, Equatable {
      var event: String
      var data: String
      var lastEventId: String
    }

    var name: String
    var bytes_b64: Data
    var expect: [Event]
    var retry: Int?

    var bytes: [UInt8] { Array(bytes_b64) }
    var testDescription: String { name }
  }

  private struct File: Decodable { var vectors: [Vector] }

  static let vectors: [Vector] = {
    let bytes = (try? Fixture.bytes("sse/vectors.json")) ?? []
    return (try? JSONDecoder().decode(File.self, from: Data(bytes)))?.vectors ?? []
  }()

  private func parse(_ chunks: [ArraySlice<UInt8>]) throws -> (
    events: [Vector.Event], retry: Duration?
  ) {
    var parser = SSEParser()
    var events: [Vector.Event] = []
    for chunk in chunks {
      parser.push(chunk.span)
      while let event = try parser.next() {
        events.append(
          .init(event: event.event, data: event.text, lastEventId: event.lastEventId))
      }
    }
    return (events, parser.retry)
  }

  private func frame(_ chunks: [ArraySlice<UInt8>]) throws -> (data: [String], raw: [UInt8]) {
    var framer = SSEFramer()
    var data: [String] = []
    var raw: [UInt8] = []
    for chunk in chunks {
      framer.push(chunk.span)
      while let frame = try framer.nextFrame() {
        raw += frame.raw
        if let joined = frame.data { data.append(String(decoding: joined, as: UTF8.self)) }
        #expect((frame.data != nil) == (frame.kind == .event))
      }
    }
    return (data, raw + framer.takeRemainder())
  }

  private func check(_ vector: Vector, _ chunks: [ArraySlice<UInt8>], _ how: String) throws {
    let parsed = try parse(chunks)
    #expect(parsed.events == vector.expect, "\(how)")
    #expect(parsed.retry == vector.retry.map { .milliseconds($0) }, "\(how)")
    let framed = try frame(chunks)
    #expect(framed.data == vector.expect.map(\.data), "\(how)")
    #expect(framed.raw == vector.bytes, "\(how)")
  }

  @Test("all 23 vectors are there")
  func count() { #expect(Self.vectors.count == 23) }

  @Test("a vector gives its events, whole and byte by byte", arguments: vectors)
  func whole(vector: Vector) throws {
    try check(vector, [vector.bytes[...]], "whole")
    try check(vector, vector.bytes.indices.map { vector.bytes[$0...$0] }, "byte by byte")
    try fuzzSSE(vector.bytes)
  }

  @Test("a vector gives its events, split at every offset", arguments: vectors)
  func split(vector: Vector) throws {
    let bytes = vector.bytes
    // In long vectors a split inside the filling of a comment is like its neighbours.
    let offsets = bytes.indices.filter { $0 < 300 || $0 > bytes.count - 300 || $0 % 97 == 0 }
    for offset in offsets {
      try check(vector, [bytes[..<offset], bytes[offset...]], "split at \(offset)")
    }
  }
}
