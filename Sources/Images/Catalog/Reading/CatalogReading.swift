/// What is found out while a catalog is read: every fault, with the line where it stands.
final class CatalogReading {
  let environment: [String: String]
  private var faults: [(offset: Int, fault: CatalogFault)] = []
  /// The environment variables that the catalog names.
  var variables: Set<String> = []
  /// The offsets of all line breaks.
  private let breaks: [Int]

  init(_ bytes: [UInt8], environment: [String: String]) {
    self.environment = environment
    breaks = bytes.indices.filter { bytes[$0] == UInt8(ascii: "\n") }
  }

  func fault(_ path: String, at offset: Int, _ message: String) {
    faults.append(
      (offset, CatalogFault(path: path, line: line(of: offset), message: message)))
  }

  /// The line of a byte, counted from 1.
  func line(of offset: Int) -> Int {
    var (low, high) = (0, breaks.count)
    while low < high {
      let middle = (low + high) / 2
      if breaks[middle] < offset { low = middle + 1 } else { high = middle }
    }
    return low + 1
  }

  /// - Throws: `CatalogError` where anything is wrong.
  func check() throws(CatalogError) {
    guard !faults.isEmpty else { return }
    // By place, and in the order of finding at one: `sort` alone does not keep that.
    let ordered = faults.enumerated().sorted {
      ($0.element.offset, $0.offset) < ($1.element.offset, $1.offset)
    }
    throw CatalogError(faults: ordered.map(\.element.fault))
  }
}
