import Testing

@testable import HTTP

@Suite("Forms")
struct MultipartParserTests {
  private static let type = "multipart/form-data; boundary=b"
  private static let field = "Content-Disposition: form-data; name=\"n\""

  private static func parse(
    _ body: String, type: String = type, limits: MultipartParser.Limits = .init()
  ) throws(HTTPParseError) -> [MultipartParser.Part] {
    try MultipartParser.parse(body: Array(body.utf8), contentType: type, limits: limits)
  }

  @Test("what the writer writes is read back, whatever the content")
  func bothWays() throws {
    var generator = SystemRandomNumberGenerator()
    let random = (0..<5000).map { _ in UInt8.random(in: 0...255, using: &generator) }
    let files: [[UInt8]] = [
      [], Array("\r\n".utf8), Array("\r\n--".utf8), Array("\r\n--easel-".utf8), [0x0D],
      Array("--".utf8), Array("\r\n\r\n".utf8), random,
    ]
    var form = MultipartForm()
    form.append("prompt", "a \"fox\"\r\nand 🦊")
    form.append("a\"b\r\nc", "")
    for file in files {
      form.append("image[]", file: file, name: "ü.png", contentType: "image/png")
    }
    let parts = try MultipartParser.parse(body: form.finished(), contentType: form.contentType)
    #expect(parts.map(\.name) == ["prompt", "a\"b\r\nc"] + files.map { _ in "image[]" })
    #expect(parts[0].text == "a \"fox\"\r\nand 🦊")
    #expect(parts[0].fileName == nil)
    #expect(parts[0].contentType == nil)
    #expect(parts[1].text == "")
    #expect(parts[2].fileName == "ü.png")
    #expect(parts[2].contentType == "image/png")
    #expect(parts.dropFirst(2).map { Array($0.bytes) } == files)
  }

  @Test(
    "forms of other writers are read",
    arguments: [
      "--b\r\n\(field)\r\n\r\nv\r\n--b--\r\n", "--b\r\n\(field)\r\n\r\nv\r\n--b--",
      "\r\n--b\r\n\(field)\r\n\r\nv\r\n--b--\r\n", "--b \t\r\n\(field)\r\n\r\nv\r\n--b-- \r\n",
      "--b\r\ncontent-disposition:form-data;name=n\r\n\r\nv\r\n--b--\r\n",
      "--b\r\n\(field); \r\nContent-Transfer-Encoding: binary\r\nX-Other: 1\r\n\r\nv\r\n--b--\r\n",
      "--b\r\nContent-Disposition: FORM-DATA; NAME=\"n\"\r\n\r\nv\r\n--b--\r\n",
    ])
  func read(_ body: String) throws {
    let parts = try Self.parse(body)
    #expect(parts.map(\.name) == ["n"])
    #expect(parts.first?.text == "v")
  }

  @Test(
    "names are read as browsers write them",
    arguments: [
      ("name=\"n\"; filename=\"C:\\dir\\a.png\"", "C:\\dir\\a.png"),
      ("name=\"n\"; filename=\"a%22b.png\"", "a\"b.png"),
      ("name=\"n\"; filename=\"a\\\"b;c.png\"", "a\"b;c.png"),
      ("filename=\"100%2.png\"; name=\"n\"", "100%2.png"),
      ("name=\"n\"; filename=\"\"", ""),
      ("name=\"n\"; filename*=UTF-8''a", "UTF-8''a"), ("name=\"n\"", nil),
    ] as [(String, String?)])
  func names(parameters: String, fileName: String?) throws {
    let parts = try Self.parse(
      "--b\r\nContent-Disposition: form-data; \(parameters)\r\n\r\nv\r\n--b--")
    #expect(parts.first?.name == "n")
    #expect(parts.first?.fileName == fileName)
  }

  @Test(
    "the boundary may be quoted",
    arguments: [
      "multipart/form-data; boundary=\"b c\"",
      "Multipart/Form-Data;charset=utf-8; BOUNDARY=\"b c\"",
    ])
  func quotedBoundary(_ type: String) throws {
    #expect(try Self.parse("--b c\r\n\(Self.field)\r\n\r\nv\r\n--b c--", type: type).count == 1)
  }

  @Test(
    "malformed forms are refused",
    arguments: [
      "", "--b", "--b--\r\n", "--b\r\n", "--b\r\n\r\n", "x--b\r\n\(field)\r\n\r\nv\r\n--b--\r\n",
      "preamble\r\n--b\r\n\(field)\r\n\r\nv\r\n--b--\r\n",
      "--b\r\n\(field)\r\n\r\nv\r\n--b--\r\nepilogue", "--b\r\n\(field)\r\n\r\nv",
      "--b\r\n\(field)\r\n\r\nv\r\n--b", "--b\r\n\(field)\r\n\r\nv\r\n--b-",
      "--b\r\n\(field)\r\n\r\nv\r\n--bx\r\n\(field)\r\n\r\nw\r\n--b--\r\n",
      "--b\n\(field)\n\nv\n--b--\n", "--b\r\n\(field)\n\r\nv\r\n--b--\r\n",
      "--b\r\n\r\nv\r\n--b--\r\n", "--b\r\n\(field)\r\nv\r\n--b--\r\n",
      "--b\r\n\(field)\r\n\(field)\r\n\r\nv\r\n--b--\r\n",
      "--b\r\n\(field); name=\"m\"\r\n\r\nv\r\n--b--\r\n",
      "--b\r\nContent-Disposition: form-data; name=\"\"\r\n\r\nv\r\n--b--\r\n",
      "--b\r\nContent-Disposition: form-data; name=\"n\r\n\r\nv\r\n--b--\r\n",
      "--b\r\nContent-Disposition: form-data; name=\"n\"x\r\n\r\nv\r\n--b--\r\n",
      "--b\r\nContent-Disposition: form-data; name\r\n\r\nv\r\n--b--\r\n",
      "--b\r\nContent-Disposition: attachment; name=\"n\"\r\n\r\nv\r\n--b--\r\n",
      "--b\r\nContent-Disposition: form-data\r\n\r\nv\r\n--b--\r\n",
      "--b\r\nContent-Type: text/plain\r\n\r\nv\r\n--b--\r\n",
      "--b\r\n\(field)\r\n folded: 1\r\n\r\nv\r\n--b--\r\n",
      "--b\r\n\(field)\r\nContent-Transfer-Encoding: base64\r\n\r\nv\r\n--b--\r\n",
      "--b\r\n\(field)\r\nNo colon\r\n\r\nv\r\n--b--\r\n",
    ])
  func malformed(_ body: String) {
    let error = #expect(throws: HTTPParseError.self) { try Self.parse(body) }
    #expect(error?.status == 400)
  }

  @Test(
    "other media types and bad boundaries are refused",
    arguments: [
      ("application/json", 415), ("multipart/mixed; boundary=b", 415), ("", 415),
      ("multipart/form-data", 400), ("multipart/form-data; boundary=", 415),
      ("multipart/form-data; boundary=\"\"", 400), ("multipart/form-data; boundary=\"b \"", 400),
      ("multipart/form-data; boundary=\"b\u{7F}\"", 400),
      ("multipart/form-data; boundary=b; boundary=c", 415),
      ("multipart/form-data; boundary=\(String(repeating: "b", count: 71))", 400),
    ])
  func types(type: String, status: Int) {
    let error = #expect(throws: HTTPParseError.self) {
      try Self.parse("--b\r\n\(Self.field)\r\n\r\nv\r\n--b--", type: type)
    }
    #expect(error?.status == status)
  }

  @Test("names that are no UTF-8 are refused, contents are not")
  func encodings() throws {
    func body(name: [UInt8], _ value: [UInt8]) -> [UInt8] {
      Array("--b\r\nContent-Disposition: form-data; name=\"".utf8) + name + Array("\"\r\n\r\n".utf8)
        + value + Array("\r\n--b--".utf8)
    }
    #expect(throws: HTTPParseError.self) {
      try MultipartParser.parse(body: body(name: [0xFF], []), contentType: Self.type)
    }
    let parts = try MultipartParser.parse(
      body: body(name: [0x6E], [0xFF]), contentType: Self.type)
    #expect(parts.first?.text == nil)
    #expect(parts.first?.bytes == [0xFF])
  }

  @Test("limits hold")
  func limits() throws {
    var limits = MultipartParser.Limits()
    limits.parts = 2
    limits.fieldBytes = 120
    limits.nameBytes = 8
    let part = "--b\r\n\(Self.field)\r\n\r\nv\r\n"
    #expect(try Self.parse(part + part + "--b--", limits: limits).count == 2)
    let long = String(repeating: "x", count: 200)
    for body in [
      part + part + part + "--b--", "--b\r\n\(Self.field)\r\nX: \(long)\r\n\r\nv\r\n--b--",
      "--b\r\nContent-Disposition: form-data; name=\"123456789\"\r\n\r\nv\r\n--b--",
      "--b\r\nX: \(long)\(long)",
    ] {
      let error = #expect(throws: HTTPParseError.self) { try Self.parse(body, limits: limits) }
      #expect(error?.status == 413)
    }
  }

  @Test("a form that is cut or damaged anywhere is refused or read, never a crash")
  func damaged() throws {
    let whole = Array(
      "--b\r\n\(Self.field)\r\n\r\nv\r\n--b\r\n\(Self.field); filename=f\r\n\r\n\r\n--b--\r\n".utf8)
    for length in 0..<(whole.count - 2) {
      #expect(throws: HTTPParseError.self) {
        try MultipartParser.parse(body: Array(whole.prefix(length)), contentType: Self.type)
      }
    }
    for index in whole.indices {
      for byte: UInt8 in [0x00, 0x0A, 0x0D, 0x22, 0x2D, 0x3B, 0x5C, 0xFF] {
        var damaged = whole
        damaged[index] = byte
        let parts = try? MultipartParser.parse(body: damaged, contentType: Self.type)
        #expect((parts?.count ?? 1) <= 2)
      }
    }
  }
}
