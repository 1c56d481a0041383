import Testing

@testable import Observability

@Suite("Metrics as text")
struct MetricsWriterTests {
  /// A page with a family of each kind.
  private static func page(_ format: MetricsFormat) -> [String] {
    var writer = MetricsWriter(format)
    writer.family("easel_build", .info, "The version")
    writer.sample([("version", "1.2")], 1)
    writer.family("easel_requests", .counter, "Requests")
    writer.sample([("route", "/a"), ("status", "200")], 3)
    writer.family("easel_in_flight", .gauge, "Under way")
    writer.value(2.5)
    writer.family("easel_rounds", .histogram, "Rounds")
    writer.histogram([("kind", "x")], buckets: [(0.5, 1), (1, 2), (10, 3)], count: 4, sum: 30.25)
    return String(decoding: writer.finished(), as: UTF8.self)
      .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  @Test("a page in Prometheus's format names counters and facts by their samples")
  func text() {
    #expect(
      Self.page(.text) == [
        "# HELP easel_build_info The version",
        "# TYPE easel_build_info gauge",
        #"easel_build_info{version="1.2"} 1"#,
        "# HELP easel_requests_total Requests",
        "# TYPE easel_requests_total counter",
        #"easel_requests_total{route="/a",status="200"} 3"#,
        "# HELP easel_in_flight Under way",
        "# TYPE easel_in_flight gauge",
        "easel_in_flight 2.5",
        "# HELP easel_rounds Rounds",
        "# TYPE easel_rounds histogram",
        #"easel_rounds_bucket{kind="x",le="0.5"} 1"#,
        #"easel_rounds_bucket{kind="x",le="1"} 2"#,
        #"easel_rounds_bucket{kind="x",le="10"} 3"#,
        #"easel_rounds_bucket{kind="x",le="+Inf"} 4"#,
        #"easel_rounds_sum{kind="x"} 30.25"#,
        #"easel_rounds_count{kind="x"} 4"#,
        "",
      ])
  }

  @Test("a page of OpenMetrics names families, spells bounds in one way, and says that it is whole")
  func openMetrics() {
    #expect(
      Self.page(.openMetrics) == [
        "# HELP easel_build The version",
        "# TYPE easel_build info",
        #"easel_build_info{version="1.2"} 1"#,
        "# HELP easel_requests Requests",
        "# TYPE easel_requests counter",
        #"easel_requests_total{route="/a",status="200"} 3"#,
        "# HELP easel_in_flight Under way",
        "# TYPE easel_in_flight gauge",
        "easel_in_flight 2.5",
        "# HELP easel_rounds Rounds",
        "# TYPE easel_rounds histogram",
        #"easel_rounds_bucket{kind="x",le="0.5"} 1"#,
        #"easel_rounds_bucket{kind="x",le="1.0"} 2"#,
        #"easel_rounds_bucket{kind="x",le="10.0"} 3"#,
        #"easel_rounds_bucket{kind="x",le="+Inf"} 4"#,
        #"easel_rounds_sum{kind="x"} 30.25"#,
        #"easel_rounds_count{kind="x"} 4"#,
        "# EOF",
        "",
      ])
  }

  @Test(
    "numbers are written as Prometheus reads them",
    arguments: [
      (0.0, "0"), (3, "3"), (0.04, "0.04"), (1e20, "1e+20"), (-2.5, "-2.5"), (.nan, "NaN"),
      (.infinity, "+Inf"), (-.infinity, "-Inf"),
    ])
  func numbers(number: Double, text: String) {
    var writer = MetricsWriter(.text)
    writer.family("x", .gauge, "X")
    writer.value(number)
    #expect(String(decoding: writer.finished(), as: UTF8.self).hasSuffix("\nx \(text)\n"))
  }

  @Test(
    "a backslash, a quote and a line feed in a label are escaped, and nothing else",
    arguments: [
      (#"a\b"#, #"a\\b"#), (#"say "hi""#, #"say \"hi\""#), ("a\nb", #"a\nb"#),
      ("a\r\nb", "a\r\\nb"), ("", ""), ("é日本\u{2028}", "é日本\u{2028}"), ("{a=1} # b", "{a=1} # b"),
    ])
  func escaping(value: String, text: String) {
    #expect(LabelText.escaped(value) == text)
  }

  @Test("a label that is too long is cut between characters, and stays different from others")
  func longLabels() {
    for character in ["x", "é", "日", "👩"] {
      let start = String(repeating: character, count: 200)
      let values = ["\(start)1", "\(start)2", start].map(LabelText.escaped)
      #expect(Set(values).count == 3)
      for value in values {
        #expect((110...128).contains(value.utf8.count))
        #expect(value.hasPrefix(String(repeating: character, count: 20)))
        #expect(!value.contains("\u{FFFD}"))
      }
    }
    let exact = String(repeating: "x", count: 128)
    #expect(LabelText.escaped(exact) == exact)
    // Escapes do not count.
    let quotes = String(repeating: "\"", count: 128)
    #expect(LabelText.escaped(quotes).utf8.count == 256)
  }

  @Test(
    "Accept chooses the format",
    arguments: [
      (nil, MetricsFormat.text), ("", .text), ("*/*", .text), ("text/plain", .text),
      ("text/html,application/xhtml+xml;q=0.9,*/*;q=0.8", .text),
      ("application/openmetrics-text", .openMetrics),
      ("Application/OpenMetrics-Text; Version=1.0.0", .openMetrics),
      // What Prometheus 2 and 3 send.
      (
        "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;"
          + "q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1", .openMetrics
      ),
      (
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
          + "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;q=0.2,*/*;q=0.1",
        .openMetrics
      ),
      ("text/plain;q=0.9, application/openmetrics-text;q=0.5", .text),
      ("application/openmetrics-text;q=0", .text),
      ("application/openmetrics-text;version=0.0.1", .text),
      ("application/openmetrics-text;q=nonsense", .text), (";;;,,,=;q=", .text),
    ] as [(String?, MetricsFormat)])
  func accept(field: String?, format: MetricsFormat) {
    #expect(MetricsFormat(accept: field) == format)
  }
}
