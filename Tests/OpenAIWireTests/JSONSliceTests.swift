import OpenAIWire
import Testing

@Suite("JSON slices")
struct JSONSliceTests {
  private func slice(_ text: String) throws -> JSONSlice {
    try JSONSlice.parse(Array(text.utf8))
  }

  @Test("values are found by key and index, however deep")
  func navigation() throws {
    let root = try slice(#" {"a":{"b":[{"c":"d"},10, [ ] ]},"e":{} } "#)
    #expect(root["a"]?["b"]?[0]?["c"]?.string == "d")
    #expect(root["a"]?["b"]?[1]?.int == 10)
    #expect(root["a"]?["b"]?[2]?.elements.map(\.kind) == [])
    #expect(root["a"]?["b"]?[3] == nil)
    #expect(root["a"]?["b"]?[-1] == nil)
    #expect(root["e"].map { Array($0.members.map(\.key)) } == [])
    #expect(root["x"] == nil)
    #expect(root["a"]?["b"]?["c"] == nil)
    #expect(Array(root.members.map(\.key)) == ["a", "e"])
  }

  @Test("of duplicates the last one wins, in any spelling")
  func duplicates() throws {
    #expect(try slice(#"{"a":1,"\u0061":2}"#)["a"]?.int == 2)
    #expect(try slice(#"{"\u0061":1,"a":2}"#)["a"]?.int == 2)
  }

  @Test(
    "strings are decoded",
    arguments: [
      (#""""#, ""), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"), (#""\u00e9\u20AC""#, "é€"),
      (#""\ud83d\ude00""#, "😀"), (#""é😀""#, "é😀"), (#""\u0000""#, "\0"),
      (#""\ud83d""#, "\u{FFFD}"), (#""\ude00x""#, "\u{FFFD}x"),
      (#""\ud83d\ud83d\ude00""#, "\u{FFFD}😀"), (#""\ud83d\n""#, "\u{FFFD}\n"),
      (#""\ud83d\u0041""#, "\u{FFFD}A"),
    ])
  func strings(text: String, value: String) throws {
    let found = try slice(text)
    #expect(found.string == value)
    #expect(found.stringBytes == Array(value.utf8))
    #expect(found.isString(value))
    #expect(!found.isString(value + "x"))
  }

  @Test(
    "numbers are integers where their value is one",
    arguments: [
      ("0", 0), ("-0", 0), ("42", 42), ("-7", -7), ("1.0", 1), ("1e2", 100), ("1.5", nil),
      ("9223372036854775807", .max), ("-9223372036854775808", .min),
      ("9223372036854775808", nil), ("1e300", nil), ("1e-1", nil), ("\"1\"", nil), ("true", nil),
    ] as [(String, Int?)])
  func integers(text: String, value: Int?) throws {
    #expect(try slice(text).int == value)
  }

  @Test("numbers are doubles where they are finite")
  func doubles() throws {
    #expect(try slice("0.1").double == 0.1)
    #expect(try slice("-1.5e-3").double == -0.0015)
    #expect(try slice("5e-324").double == .leastNonzeroMagnitude)
    #expect(try slice("1e400").double == nil)
    #expect(try slice("null").double == nil)
  }

  @Test("flags and null are known")
  func scalars() throws {
    #expect(try slice("true").bool == true)
    #expect(try slice("false").bool == false)
    #expect(try slice("0").bool == nil)
    #expect(try slice(" null ").isNull)
    #expect(try !slice("0").isNull)
  }

  @Test("a part of an array is parsed in place, with offsets of the whole")
  func part() throws {
    let bytes = Array(#"data: {"a": 1}"#.utf8)
    let found = try JSONSlice.parse(bytes, in: 6..<bytes.count)
    #expect(found.range == 6..<bytes.count)
    #expect(found["a"]?.range == 12..<13)
    #expect(throws: JSONError(offset: 0, message: "a value is expected")) {
      try JSONSlice.parse(bytes)
    }
    #expect(throws: JSONError(offset: 13, message: "unexpected end")) {
      try JSONSlice.parse(bytes, in: 6..<13)
    }
  }

  @Test("navigation over bytes that are no JSON ends, and stays in bounds")
  func invalid() {
    var source = RandomJSON(seed: 9)
    for _ in 0..<500 {
      let text = source.mutated(source.text())
      let found = JSONSlice(validated: text, range: 0..<text.count)
      var reached = 0
      for member in found.members { reached += member.key.utf8.count + member.value.raw.count }
      for element in found.elements { reached += element.raw.count }
      #expect(reached <= 4 * text.count)
      _ = (found.string, found.int, found.double)
    }
  }
}
