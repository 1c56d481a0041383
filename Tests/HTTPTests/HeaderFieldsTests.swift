import Testing

@testable import HTTP

@Suite("Header fields")
struct HeaderFieldsTests {
  @Test(
    "a name or value that could smuggle a second field is refused and leaves no trace",
    arguments: [
      ("X", "a\rb"), ("X", "a\nb"), ("X", "a\r\nY: b"), ("X", "a\0b"), ("X", "\u{7F}"),
      ("X", "\u{1B}"), ("X", "a\r"), ("X", "\n"), ("", "a"), ("X Y", "a"), ("X:", "a"),
      ("X\r\n", "a"), ("X\n", "a"), ("\u{E9}", "a"), ("X\0", "a"), (" X", "a"), ("X\t", "a"),
    ])
  func injection(_ name: String, _ value: String) {
    var fields = HeaderFields()
    #expect(throws: HeaderFields.HeaderError.self) { try fields.append(name, value) }
    #expect(throws: HeaderFields.HeaderError.self) { try fields.set(name, value) }
    fields.append(name, value, orDrop: ())
    fields.set(name, value, orDrop: ())
    #expect(fields.isEmpty)
    #expect(fields.wireBytes.isEmpty)
  }

  @Test("names are looked up whatever their case, values keep their order")
  func reading() throws {
    let fields: HeaderFields = ["Content-Type": "a", "X": "1", "x": "2", "Y": ""]
    #expect(fields["content-TYPE"] == "a")
    #expect(fields["x"] == "1")
    #expect(fields.values("X") == ["1", "2"])
    #expect(fields["Y"] == "")
    #expect(fields["Z"] == nil)
    #expect(fields.count == 4)
    #expect(fields.contains("y"))
    #expect(!fields.contains("content-typ"))
  }

  @Test("what goes on the wire is what was set, in order and trimmed")
  func wire() throws {
    var fields = HeaderFields()
    try fields.append("A", "  1\t")
    try fields.append("B", "é")
    try fields.set("a", "2")
    fields.append(contentsOf: ["C": "3"])
    #expect(String(decoding: fields.wireBytes, as: UTF8.self) == "B: é\r\na: 2\r\nC: 3\r\n")
    fields.remove("b")
    #expect(String(decoding: fields.wireBytes, as: UTF8.self) == "a: 2\r\nC: 3\r\n")
    #expect(fields["c"] == "3")
    var pairs: [String] = []
    fields.forEach { pairs.append("\($0.name)=\($0.value)") }
    #expect(pairs == ["a=2", "C=3"])
  }

  @Test("fields are let through or held back by name and prefix")
  func filtering() {
    let fields: HeaderFields = ["Host": "a", "X-One": "1", "x-two": "2", "Accept": "b"]
    let names = FieldNames(["host"], prefixes: ["x-"])
    var kept: [String] = []
    fields.only(names).forEach { kept.append($0.name) }
    #expect(kept == ["Host", "X-One", "x-two"])
    #expect(fields.without(names).count == 1)
    #expect(fields.without(names)["accept"] == "b")
  }

  @Test("a token is found in any field of a list and nowhere else")
  func tokens() {
    let fields: HeaderFields = ["Connection": "a, Keep-Alive ,b", "connection": "c"]
    for (token, expected) in [
      ("keep-alive", true), ("a", true), ("B", true), ("c", true), ("keep", false), ("", false),
    ] {
      #expect(fields.contains("connection", token: token) == expected, "\(token)")
    }
  }
}
