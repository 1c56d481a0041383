/// The families of a page of metrics, as the README lists them.
struct MetricsTable {
  private struct Family {
    let name: String
    let help: String
    var kind = ""
    /// Names of labels; nil where no sample has told them.
    var labels: [String]?
  }

  private var families: [Family] = []

  /// Reads a page in Prometheus's text format.
  init(page: String) {
    for line in page.split(separator: "\n") {
      let words = line.split(separator: " ", maxSplits: 3).map(String.init)
      switch (words[0], words[safe: 1]) {
      case ("#", "HELP"): families.append(Family(name: words[2], help: words[safe: 3] ?? ""))
      case ("#", "TYPE"): families[families.count - 1].kind = words[safe: 3] ?? ""
      default:
        families[families.count - 1].labels = Self.labels(line)
      }
    }
  }

  /// The names of a sample's labels, whose values hold no quotes.
  private static func labels(_ sample: Substring) -> [String] {
    guard let start = sample.firstIndex(of: "{") else { return [] }
    // What stands between quotes is every second part.
    let parts = sample[sample.index(after: start)...].split(
      separator: "\"", omittingEmptySubsequences: false)
    return stride(from: 0, to: parts.count - 1, by: 2)
      .map { parts[$0].filter { $0 != "," && $0 != "=" } }.filter { $0 != "le" }
  }

  /// Rows of a table in Markdown. Labels that the page does not tell are those of `known`.
  func rows(known: [String]) -> [String] {
    families.map { family in
      let start = "| `\(family.name)` | \(family.kind) | "
      let end = " | \(family.help) |"
      guard let labels = family.labels else {
        return known.first { $0.hasPrefix(start) && $0.hasSuffix(end) } ?? start + "?" + end
      }
      return start + labels.map { "`\($0)`" }.joined(separator: ", ") + end
    }
  }

  /// The rows of the same kind that a text holds.
  static func rows(in text: String) -> [String] {
    // Other systems tell less of a process.
    #if os(Linux)
    let prefixes = ["| `easel_", "| `process_"]
    #else
    let prefixes = ["| `easel_"]
    #endif
    return text.split(separator: "\n").map(String.init).filter { row in
      prefixes.contains { row.hasPrefix($0) }
    }
  }
}

extension Array {
  fileprivate subscript(safe index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}
