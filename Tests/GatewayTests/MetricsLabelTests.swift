import Foundation
import Observability
import TestSupport
import Testing

@Suite("Labels of metrics", .bounded, .timeLimit(.minutes(5)))
struct MetricsLabelTests {
  /// Texts that a careless writer, or a careless cut, would break the page with.
  static let texts: [String] =
    [
      "", " ", "a b", "\\", "\\\\", "\"", "\\\"", "\n", "\r", "\r\n", "\t", "\\n", "a\\", "a\"}",
      "} 1\neasel_x{text=\"1", "# EOF", "é", "日本", "👩‍👩‍👧", "\u{2028}", "\u{0}", "\u{7F}", "\u{85}",
      ",", "=", "{", String(repeating: "\\", count: 128), String(repeating: "\"", count: 64),
      String(repeating: "\n", count: 100),
    ]
    + (0..<200).map { _ in
      String((0..<Int.random(in: 1...30)).map { _ in "\\\"\n\r{},=# ané日".randomElement() ?? "a" })
    }

  @Test("Prometheus's own parsers read every text as it was")
  func roundTrip() async throws {
    let folder = try TemporaryFolder.make("labels")
    defer { try? FileManager.default.removeItem(at: folder) }
    let texts = Array(Set(Self.texts))
    var names: [String] = []
    for format in [MetricsFormat.text, .openMetrics] {
      var writer = MetricsWriter(format)
      writer.family("easel_x", .counter, "X")
      for text in texts { writer.sample([("text", text)], 1) }
      let file = folder.appendingPathComponent("page.\(format)")
      try Data(writer.finished()).write(to: file)
      names.append(file.path)
    }
    let (status, output) = try await ClientScript.run("labels.py", names)
    #expect(status == 0, "\(output)")
    let found = try JSONDecoder().decode([[String]].self, from: Data(output.utf8))
    // By their bytes: to Swift, texts of equal meaning are equal.
    let expected = texts.map { Array($0.utf8) }
    #expect(found.map { $0.map { Array($0.utf8) } } == [expected, expected])
  }
}
