import OpenAIWire
import Testing

@Suite("JSON writer")
struct JSONWriterTests {
  @Test("commas stand between values, and nowhere else")
  func commas() {
    var writer = JSONWriter()
    writer.beginObject()
    writer.key("a")
    writer.beginArray()
    writer.value(1)
    writer.beginObject()
    writer.endObject()
    writer.beginArray()
    writer.endArray()
    writer.value("s")
    writer.value(raw: "[1, 2]".utf8)
    writer.null()
    writer.endArray()
    writer.member("b", true)
    writer.member("c", Optional<String>.none)
    writer.member("d", 0.5)
    writer.member("e", raw: Array("{}".utf8))
    writer.endObject()
    #expect(
      String(decoding: writer.bytes, as: UTF8.self)
        == #"{"a":[1,{},[],"s",[1, 2],null],"b":true,"d":0.5,"e":{}}"#)
  }

  @Test("what must be escaped is, and nothing else")
  func escapes() {
    let text = String(
      decoding: JSONWriter.string("\"\\/\u{8}\u{C}\n\r\t\0\u{1F}\u{7F}é\u{2028}😀"), as: UTF8.self)
    #expect(text == "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\u{7F}é\u{2028}😀\"")
  }

  @Test("every scalar of the first planes reads back as it was written")
  func everyScalar() throws {
    var text = ""
    for value in UInt32(0)..<0x3000 { Unicode.Scalar(value).map { text.unicodeScalars.append($0) } }
    let read = try JSONSlice.parse(JSONWriter.string(text)).stringBytes
    #expect(read == Array(text.utf8))
  }

  @Test(
    "doubles read back as they were written",
    arguments: [
      0, -0.0, 0.1, 1e21, 1e-7, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 123_456_789.125,
    ])
  func doubles(value: Double) throws {
    var writer = JSONWriter()
    writer.value(value)
    #expect(try JSONSlice.parse(writer.bytes).double == value)
  }

  @Test("what JSON has no number for is null", arguments: [Double.nan, .infinity, -.infinity])
  func notFinite(value: Double) {
    var writer = JSONWriter()
    writer.value(value)
    #expect(writer.bytes == Array("null".utf8))
  }
}
