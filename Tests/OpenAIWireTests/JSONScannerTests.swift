import OpenAIWire
import Testing

@Suite("JSON scanner")
struct JSONScannerTests {
  private func error(_ text: String, maxDepth: Int = 128) -> JSONError? {
    do {
      try JSONScanner.validate(Array(text.utf8), maxDepth: maxDepth)
      return nil
    } catch { return error }
  }

  @Test("members are recorded in order, with ranges, kinds and duplicates")
  func members() throws {
    let bytes = Array(
      #" { "a" : [1,{"x":2}] ,"b":"s","a":-1.5e3,"c":{} , "d":null,"e":true} "#.utf8)
    let members = try JSONScanner.scanObject(bytes)
    #expect(members.map { $0.name(in: bytes) } == ["a", "b", "a", "c", "d", "e"])
    #expect(
      members.map { String(decoding: bytes[$0.value], as: UTF8.self) }
        == [#"[1,{"x":2}]"#, #""s""#, "-1.5e3", "{}", "null", "true"])
    #expect(members.map(\.kind) == [.array, .string, .number, .object, .null, .true])
    #expect(bytes[members[0].key].elementsEqual(#""a""#.utf8))
  }

  @Test(
    "a key is known in every spelling",
    arguments: [#"model"#, #"mod\u0065l"#, #"\u006D\u006f\u0064\u0065\u006c"#])
  func escapedKey(spelling: String) throws {
    let bytes = Array("{\"\(spelling)\":\"m\"}".utf8)
    let members = try JSONScanner.scanObject(bytes)
    #expect(members.named("model", in: bytes) != nil)
    #expect(members.named("mode", in: bytes) == nil)
    #expect(try JSONSlice.parse(bytes)["model"]?.string == "m")
  }

  @Test("a key of escapes alone is known, and a longer one is not taken for it")
  func escapedLengths() throws {
    for name in ["n", "model", "\u{20AC}", "\u{1F600}"] {
      let spelled = name.utf16.map { unit in
        "\\u" + String(repeating: "0", count: 4 - String(unit, radix: 16).count)
          + String(unit, radix: 16)
      }.joined()
      let bytes = Array(
        "{\"\(spelled)\":1,\"x\":\"\(spelled)\",\"y\":\"\(spelled)\(spelled)\"}".utf8)
      let members = try JSONScanner.scanObject(bytes)
      #expect(members.named(name, in: bytes) == members[0])
      #expect(members.named(name + name, in: bytes) == nil)
      let object = try JSONSlice.parse(bytes)
      #expect(object["x"]?.isString(name) == true && object["y"]?.isString(name) == false)
    }
  }

  @Test("members are recorded up to a bound, past which the object is refused")
  func memberBound() throws {
    func object(_ count: Int) -> [UInt8] {
      Array(
        ("{" + Array(repeating: "\"a\":{\"b\":1}", count: count).joined(separator: ",") + "}").utf8)
    }
    #expect(try JSONScanner.scanObject(object(4096)).count == 4096)
    #expect(throws: JSONError.self) { try JSONScanner.scanObject(object(4097)) }
    // What is not recorded is not bounded.
    try JSONScanner.validate(object(4097))
  }

  @Test("a key is not known by another normal form of its characters")
  func noNormalisation() throws {
    let bytes = Array("{\"e\u{301}\":1}".utf8)
    let members = try JSONScanner.scanObject(bytes)
    #expect(members.named("\u{E9}", in: bytes) == nil)
    #expect(members.named("e\u{301}", in: bytes) != nil)
  }

  @Test("duplicates are found among the given names only, in every spelling")
  func duplicates() throws {
    let bytes = Array(#"{"model":1,"x":1,"x":2,"mod\u0065l":2,"n":1,"\ud83d":1}"#.utf8)
    let members = try JSONScanner.scanObject(bytes)
    #expect(JSONScanner.duplicates(of: ["n", "model", "tools"], in: members, bytes) == ["model"])
    #expect(try JSONSlice.parse(bytes).duplicates(of: ["x", "n"]) == ["x"])
  }

  @Test(
    "only an object has members",
    arguments: ["[]", "1", "\"{}\"", "null", " [{\"a\":1}]"])
  func notAnObject(text: String) {
    #expect(throws: JSONError.self) { try JSONScanner.scanObject(Array(text.utf8)) }
  }

  @Test(
    "nesting is allowed to the bound and not past it",
    arguments: [1, 2, 63, 64, 65, 127, 128, 129, 200, 1000])
  func depth(bound: Int) {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
      let inner = open == "[" ? "" : "1"
      func nested(_ depth: Int) -> String {
        String(repeating: open, count: depth) + inner + String(repeating: close, count: depth)
      }
      #expect(error(nested(bound), maxDepth: bound) == nil)
      #expect(error(nested(bound + 1), maxDepth: bound)?.message == "nested deeper than \(bound)")
    }
  }

  @Test("mixed containers deeper than a machine word must close in order")
  func mixedDepth() {
    let open = (0..<100).map { $0 % 3 == 0 ? "{\"k\":" : "[" }
    let close = (0..<100).reversed().map { $0 % 3 == 0 ? "}" : "]" }
    #expect(error(open.joined() + "1" + close.joined()) == nil)
    for place in stride(from: 0, to: 99, by: 3) {
      var wrong = close
      wrong.swapAt(place, place + 1)
      #expect(error(open.joined() + "1" + wrong.joined()) != nil)
    }
  }

  @Test(
    "an error says where and what",
    arguments: [
      ("", 0, "no value"), ("  ", 2, "no value"),
      ("\u{FEFF}1", 0, "a byte order mark is not allowed"),
      ("{\"a\" 1}", 5, "a colon is expected after a key"), ("[1,]", 3, "a value is expected"),
      ("{\"a\":1,}", 7, "a quoted key is expected"), ("1 2", 2, "nothing may follow the value"),
      ("\"a\u{1}\"", 2, "control character in a string"), ("[1", 2, "unexpected end"),
      ("\"\\x\"", 2, "unknown escape in a string"), ("01", 1, "leading zero in a number"),
      ("nul ", 0, "unknown literal"), ("nul", 3, "unexpected end"),
      ("\"abc", 4, "unterminated string"),
      ("[1}", 2, "a comma or the container's end is expected"),
    ])
  func messages(text: String, offset: Int, message: String) {
    #expect(error(text) == JSONError(offset: offset, message: message))
  }

  @Test("strings are checked alike at every place in a machine word")
  func alignment() {
    for length in 0..<40 {
      let plain = String(repeating: "x", count: length)
      #expect(error("\"\(plain)\"") == nil)
      #expect(error("\"\(plain)\\n\(plain)é\(plain)😀\"") == nil)
      #expect(error("\"\(plain)\n\"")?.offset == length + 1)
      #expect(error("\"\(plain)")?.message == "unterminated string")
      #expect(error("\"\(plain)\\u12G4\"")?.offset == length + 5)
    }
  }

  @Test("every sequence of up to four bytes beside a lead byte is UTF-8 here if it is elsewhere")
  func utf8() {
    let quote = UInt8(ascii: "\"")
    let tails: [[UInt8]] = [
      [], [0x80], [0xBF], [0x80, 0x80], [0xBF, 0xC0], [0x41, 0x80], [0x80, 0x41],
    ]
    let edges: [UInt8] = [0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF]
    for lead in UInt8(0x80)...0xFF {
      for second in edges {
        for tail in tails {
          let inside = [lead, second] as [UInt8] + tail
          let text = [quote] + inside + [quote]
          let expected =
            String(validating: inside, as: UTF8.self) != nil && second >= 0x20
          #expect(((try? JSONScanner.validate(text)) != nil) == expected, "\(inside)")
        }
      }
    }
  }

  @Test("what an array of integers is cut to is refused at every length")
  func truncation() {
    let text = Array(#"{"a":[1,-2.5e-7,"x\u00e9é",true,null,{"b":false}]}"#.utf8)
    for length in 0..<text.count {
      #expect((try? JSONScanner.validate(Array(text[..<length]))) == nil)
    }
  }
}
