/// A size in bytes, written `512B`, `64KiB`, `32MiB`, `1GiB` (powers of 1024), `500kB`, `10MB`,
/// `1GB` (powers of 1000), or as a plain number of bytes.
package struct ByteCount: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// The number of bytes; never negative.
  package let bytes: Int

  /// A size of `bytes`; less than zero counts as zero.
  package init(_ bytes: Int) {
    self.bytes = max(0, bytes)
  }

  /// So many times 1024 bytes.
  package static func kibibytes(_ count: Int) -> ByteCount { ByteCount(count * 1024) }
  /// So many times 1024 × 1024 bytes.
  package static func mebibytes(_ count: Int) -> ByteCount { ByteCount(count * 1024 * 1024) }

  private static let units: [(name: String, bytes: Int)] = [
    ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10),
    ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000), ("KB", 1000), ("B", 1),
  ]

  /// The size that `text` says, or nil if it is not in one of the forms above or too large.
  package init?(parsing text: String) {
    let unit = Self.units.first { text.hasSuffix($0.name) }
    let digits = unit.map { String(text.dropLast($0.name.count)) } ?? text
    let number = digits.hasSuffix(" ") ? String(digits.dropLast()) : digits
    guard !number.isEmpty, number.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let count = Int(number)
    else { return nil }
    let (bytes, overflow) = count.multipliedReportingOverflow(by: unit?.bytes ?? 1)
    guard !overflow else { return nil }
    self.bytes = bytes
  }

  /// A size is less than another if it has fewer bytes.
  package static func < (a: ByteCount, b: ByteCount) -> Bool { a.bytes < b.bytes }

  /// The size with the largest unit of 1024 that divides it, such as `64MiB`.
  package var description: String {
    for unit in Self.units.prefix(3) where bytes > 0 && bytes.isMultiple(of: unit.bytes) {
      return "\(bytes / unit.bytes)\(unit.name)"
    }
    return "\(bytes)B"
  }
}
