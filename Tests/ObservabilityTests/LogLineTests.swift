import Foundation
import Testing

@testable import Observability

@Suite("A log line")
struct LogLineTests {
  private let capture = LogCapture()

  private func line(
    limit: Int = 8192, _ message: String, _ fields: LogFields = [:]
  ) -> (text: String, object: [String: Any]) {
    let output = LogOutput(lineLimit: limit, write: capture.write)
    Logger(level: .debug, output: output).info(message, fields)
    output.flush()
    return (capture.lines.last ?? "", capture.objects.last ?? [:])
  }

  @Test(
    "escapes what JSON and terminals must not see raw",
    arguments: [
      ("plain", #""plain""#),
      ("", #""""#),
      ("say \"hi\"", #""say \"hi\"""#),
      (#"C:\dir"#, #""C:\\dir""#),
      ("a\nb\r\tc", #""a\nb\r\tc""#),
      ("\u{0}\u{1F}", #""\u0000\u001f""#),
      ("\u{1B}[31mred", #""\u001b[31mred""#),
      ("\u{7F}\u{9B}x", #""\u007f\u009bx""#),
      ("naïve ©", #""naïve ©""#),
      ("日本語 🎨", #""日本語 🎨""#),
      ("\r\n", #""\r\n""#),
    ])
  func escapes(text: String, json: String) {
    let (line, object) = line("m", ["field": .string(text)])
    #expect(line.hasSuffix(#","message":"m","field":\#(json)}"#))
    #expect(object["field"] as? String == text)
  }

  @Test(
    "writes each type as JSON has it",
    arguments: [
      (LogValue.int(0), "0"), (.int(-7), "-7"), (.int(.max), "9223372036854775807"),
      (.int(.min), "-9223372036854775808"),
      (.double(0.25), "0.25"), (.double(.nan), "null"), (.double(.infinity), "null"),
      (.double(1e300), "1e+300"), (.bool(true), "true"), (.bool(false), "false"),
      (.duration(.milliseconds(1500)), "1500"), (.duration(.microseconds(1250)), "1.250"),
      (.duration(.microseconds(7)), "0.007"), (.duration(.zero), "0"),
      (.duration(.microseconds(-1500)), "-1.500"), (.duration(.nanoseconds(999)), "0"),
      (.duration(.seconds(86_400)), "86400000"),
    ])
  func types(value: LogValue, json: String) {
    let (line, object) = line("m", ["v": value])
    #expect(line.hasSuffix(#","v":\#(json)}"#))
    #expect(object["v"] != nil)
  }

  @Test("keeps the order of its fields, and begins with time, level and message")
  func order() {
    let text = line("hello", ["b": 1, "a": "x", "c": true, "d": 0.5]).text
    #expect(text.hasPrefix(#"{"time":"2"#))
    #expect(text.hasSuffix(#"Z","level":"info","message":"hello","b":1,"a":"x","c":true,"d":0.5}"#))
  }

  @Test(
    "never passes its limit, stays JSON, and says that it was cut",
    arguments: [
      "a", "\"", "\u{1}", "é", "日", "🎨", "\n",
    ], [128, 129, 130, 131, 133, 200, 1000])
  func bounded(unit: String, limit: Int) throws {
    let long = String(repeating: unit, count: 2000)
    let (text, object) = line(limit: limit, "m", ["long": .string(long), "after": 1])
    #expect(text.utf8.count < limit)
    #expect(object["message"] as? String == "m")
    #expect(object["truncated"] as? Bool == true)
    if let kept = object["long"] as? String { #expect(kept.hasSuffix("…")) }
  }

  @Test("cuts a message that is too long")
  func longMessage() {
    let (text, object) = line(limit: 256, String(repeating: "x", count: 10_000))
    #expect(text.utf8.count < 256)
    #expect((object["message"] as? String)?.hasSuffix("xxx…") == true)
  }

  @Test("leaves out fields beyond its limit and is not cut just below it")
  func manyFields() {
    var fields: LogFields = [:]
    for index in 0..<1000 { fields.append("key\(index)", .int(index)) }
    let (text, object) = line(limit: 512, "m", fields)
    #expect(text.utf8.count < 512)
    #expect(object["key0"] as? Int == 0)
    #expect(object["truncated"] as? Bool == true)
    #expect(line(limit: 512, "m", ["key": 1]).object["truncated"] == nil)
  }

  @Test(
    "has its time in RFC 3339, UTC, with milliseconds",
    arguments: [
      (0, 0, "1970-01-01T00:00:00.000Z"),
      (-1, 5, "1969-12-31T23:59:59.005Z"),
      (951_782_399, 999, "2000-02-28T23:59:59.999Z"),
      (951_782_400, 1, "2000-02-29T00:00:00.001Z"),
      (1_709_164_800, 42, "2024-02-29T00:00:00.042Z"),
      (1_709_251_199, 0, "2024-02-29T23:59:59.000Z"),
      (1_735_689_599, 0, "2024-12-31T23:59:59.000Z"),
      (1_735_689_600, 0, "2025-01-01T00:00:00.000Z"),
      (4_107_542_400, 0, "2100-03-01T00:00:00.000Z"),
      (253_402_300_799, 999, "9999-12-31T23:59:59.999Z"),
    ])
  func time(second: Int, millisecond: Int, text: String) {
    var clock = LogClock()
    var bytes: [UInt8] = []
    clock.append(second: second, millisecond: millisecond, to: &bytes)
    #expect(String(decoding: bytes, as: UTF8.self) == text)
  }

  @Test("agrees with Foundation about days over 400 years")
  func dates() {
    var clock = LogClock()
    for day in stride(from: 0, through: 146_097, by: 13) {
      var bytes: [UInt8] = []
      clock.append(second: day * 86_400 + 3661, millisecond: 0, to: &bytes)
      let date = Date(timeIntervalSince1970: Double(day * 86_400 + 3661))
      let expected = date.formatted(.iso8601).dropLast() + ".000Z"
      #expect(String(decoding: bytes, as: UTF8.self) == expected)
    }
  }

  @Test("is at the current time")
  func now() throws {
    let before = Date()
    let text = try #require(line("m").object["time"] as? String)
    let time = try Date(text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    #expect(abs(time.timeIntervalSince(before)) < 30)
  }
}
