import OpenAIWire
import Testing

@Suite("Byte search")
struct ByteSearchTests {
  @Test("a needle is found wherever it stands")
  func everywhere() {
    for length in 0..<60 {
      for place in 0...length {
        var bytes = [UInt8](repeating: UInt8(ascii: "t"), count: length)
        bytes.insert(contentsOf: Array("tool_calls".utf8), at: place)
        #expect(bytes.firstIndex(of: "tool_calls" as StaticString) == place)
        #expect(bytes[...].dropFirst(place).firstIndex(of: "tool_calls" as StaticString) == place)
        #expect(bytes[(place + 1)...].firstIndex(of: "tool_calls" as StaticString) == nil)
      }
    }
  }

  @Test("random bytes of a small alphabet are searched as a plain search does")
  func random() {
    var source = RandomJSON(seed: 5)
    for _ in 0..<2_000 {
      let bytes = (0..<source.below(80)).map { _ in UInt8(ascii: "a") + UInt8(source.below(2)) }
      let plain = bytes.indices.first { bytes[$0...].starts(with: "aabab".utf8) }
      #expect(bytes.firstIndex(of: "aabab" as StaticString) == plain)
      #expect(bytes.span.contains("aabab") == (plain != nil))
      #expect(bytes.span.firstIndex(of: "b") == bytes.firstIndex(of: UInt8(ascii: "b")))
    }
  }

  @Test("an empty needle is at the start, and nothing else is in no bytes")
  func empty() {
    #expect([UInt8]().firstIndex(of: "" as StaticString) == 0)
    #expect(![UInt8]().contains("a" as StaticString))
    #expect(!Array("ab".utf8).contains("abc" as StaticString))
  }
}
