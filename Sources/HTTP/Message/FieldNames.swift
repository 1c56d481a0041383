/// A set of field names, by which fields are let through or held back. Made once, used often.
package struct FieldNames: Sendable {
  private let names: [(hash: UInt32, name: [UInt8])]
  private let prefixes: [[UInt8]]
  /// A bit for each name, by its hash: most others are told apart by it.
  private let marks: UInt64

  /// - Parameters:
  ///   - names: in lower case.
  ///   - prefixes: of further names, in lower case.
  package init(_ names: [String], prefixes: [String] = []) {
    self.names = names.map { (ASCII.hash($0.utf8.span), Array($0.utf8)) }
    self.prefixes = prefixes.map { Array($0.utf8) }
    marks = self.names.reduce(0) { $0 | Self.mark($1.hash) }
  }

  func contains(_ bytes: [UInt8], _ range: Range<Int>, hash: UInt32) -> Bool {
    if marks & Self.mark(hash) != 0, holds(bytes, range, hash) { return true }
    for prefix in prefixes where prefix.count <= range.count {
      if matches(prefix, bytes, range.lowerBound) { return true }
    }
    return false
  }

  private static func mark(_ hash: UInt32) -> UInt64 {
    1 &<< UInt64((hash ^ hash >> 5 ^ hash >> 13) & 63)
  }

  private func holds(_ bytes: [UInt8], _ range: Range<Int>, _ hash: UInt32) -> Bool {
    for entry in names where entry.hash == hash && entry.name.count == range.count {
      if matches(entry.name, bytes, range.lowerBound) { return true }
    }
    return false
  }

  private func matches(_ name: [UInt8], _ bytes: [UInt8], _ start: Int) -> Bool {
    for index in name.indices where ASCII.lowercased(bytes[start + index]) != name[index] {
      return false
    }
    return true
  }
}
