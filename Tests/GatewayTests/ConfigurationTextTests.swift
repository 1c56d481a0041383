import Observability
import Testing

@testable import Gateway

@Suite("The texts of a configuration")
struct ConfigurationTextTests {
  @Test(
    "sizes have binary and decimal units",
    arguments: [
      ("0", 0), ("1", 1), ("512B", 512), ("1KiB", 1024), ("64KiB", 65_536), ("64 KiB", 65_536),
      ("32MiB", 33_554_432), ("1GiB", 1_073_741_824), ("1kB", 1000), ("1KB", 1000),
      ("10MB", 10_000_000), ("2GB", 2_000_000_000), ("9223372036854775807", Int.max),
    ])
  func sizes(text: String, bytes: Int) {
    #expect(ByteCount(parsing: text)?.bytes == bytes)
  }

  @Test(
    "texts that are no size are refused",
    arguments: [
      "", "B", "KiB", "-1", "+1", "1.5MiB", "1e3", "1kib", "1mb", "1 TiB", "1  KiB", "0x10",
      "9223372036854775807KiB", "9223372036854775808", "MiB64", "64M", "١KiB", " 1",
    ])
  func badSizes(text: String) {
    #expect(ByteCount(parsing: text) == nil)
  }

  @Test(
    "sizes are shown in the largest unit that fits",
    arguments: [
      (0, "0B"), (1, "1B"), (1023, "1023B"), (1024, "1KiB"), (1536, "1536B"),
      (67_108_864, "64MiB"), (1 << 30, "1GiB"), (3 << 20, "3MiB"),
    ])
  func sizeTexts(bytes: Int, text: String) {
    #expect(ByteCount(bytes).description == text)
    #expect(ByteCount(parsing: text) == ByteCount(bytes))
  }

  @Test(
    "durations have units",
    arguments: [
      ("0", Duration.zero), ("0s", .zero), ("500ms", .milliseconds(500)), ("10s", .seconds(10)),
      ("1.5s", .milliseconds(1500)), ("0.25s", .milliseconds(250)), ("2m", .seconds(120)),
      ("0.5m", .seconds(30)), ("1h", .seconds(3600)), ("30d", .seconds(2_592_000)),
      ("36525d", .seconds(3_155_760_000)),
    ])
  func durations(text: String, duration: Duration) {
    #expect(Duration(configurationText: text) == duration)
  }

  @Test(
    "texts that are no duration are refused",
    arguments: [
      "", "s", "10", "-1s", "+1s", "1 s", "1.s", ".5s", "1.2345s", "1.5ms", "1s1", "1S", "1min",
      "1.2.3s", "36526d", "9223372036854775807s", "99999999999999999999s", "1w", "ms", "١s",
    ])
  func badDurations(text: String) {
    #expect(Duration(configurationText: text) == nil)
  }

  @Test(
    "durations are shown in the largest unit that fits",
    arguments: [
      (Duration.zero, "0s"), (.milliseconds(1), "1ms"), (.milliseconds(1500), "1500ms"),
      (.seconds(75), "75s"), (.seconds(120), "2m"), (.seconds(3600), "1h"),
      (.seconds(86_400), "1d"),
    ])
  func durationTexts(duration: Duration, text: String) {
    #expect(duration.configurationText == text)
  }

  @Test(
    "addresses are host and port",
    arguments: [
      ("127.0.0.1:8080", "127.0.0.1", 8080), ("[::1]:0", "::1", 0),
      ("localhost:65535", "localhost", 65_535),
      ("[fe80::1]:80", "fe80::1", 80), ("0.0.0.0:1", "0.0.0.0", 1),
      ("my_host-1.test:80", "my_host-1.test", 80),
    ])
  func addresses(text: String, host: String, port: Int) throws {
    let address = try ListenAddress(parsing: text)
    #expect(address == ListenAddress(host: host, port: port))
    #expect(address.description == text)
  }

  @Test(
    "texts that are no address are refused",
    arguments: [
      "", ":", "a:", "a:b", "a:-1", "a:+1", "a:70000", "::1", "::1:80", "[::1]", "[]:80", "[x]:80",
      "[127.0.0.1]:80", "a b:80", "http://a:80", "a/b:80", "a:99999999999999999999",
    ])
  func badAddresses(text: String) {
    #expect(throws: ListenAddress.Fault.self) { try ListenAddress(parsing: text) }
  }

  @Test(
    "picture sizes are two numbers",
    arguments: [
      ("1024x1024", true), ("1x16384", true), ("0x1", false), ("1x16385", false), ("1024", false),
      ("1024X1024", false), ("1024×1024", false), ("1x2x3", false), ("-1x2", false), ("", false),
      ("+1x2", false),
    ])
  func pictureSizes(text: String, isValid: Bool) {
    #expect(ImagePixelSize(parsing: text)?.description == (isValid ? text : nil))
  }

  @Test(
    "a misspelt word is recognised if it is near enough",
    arguments: [
      ("lisen", "listen"), ("LISTEN", "listen"), ("lsiten", "listen"), ("thread", "threads"),
      ("baseurl", "base_url"), ("base-url", "base_url"), ("xyz", nil), ("", nil), ("to", nil),
      (String(repeating: "l", count: 10_000), nil),
    ])
  func suggestions(word: String, expected: String?) {
    let known = ["listen", "threads", "base_url", "tls"]
    #expect(Suggestion.nearest(to: word, in: known) == expected)
  }

  @Test("texts from outside are shown on one line, and cut")
  func quoted() {
    #expect(Quoted("a\nb\u{1B}").description == "'a\u{FFFD}b\u{FFFD}'")
    #expect(Quoted(String(repeating: "é", count: 61)).description.count == 63)
  }

  @Test("auto is one thread for each core, within bounds")
  func threads() {
    #expect(ThreadCount.auto.count(cores: 8) == 8)
    #expect(ThreadCount.auto.count(cores: 0) == 1)
    #expect(ThreadCount.auto.count(cores: 1000) == 256)
    #expect(ThreadCount.exactly(3).count(cores: 8) == 3)
  }
}
