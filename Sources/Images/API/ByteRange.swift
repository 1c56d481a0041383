/// What of a file a request asks for (RFC 9110, section 14).
package enum ByteRange: Sendable, Hashable {
  /// All of it.
  case whole
  case part(Range<Int>)
  /// No byte of it: to be answered with 416.
  case unsatisfiable

  /// Reads the value of `Range`. What is not one range of bytes asks for the whole, as the
  /// specification allows.
  package init(_ header: String?, size: Int) {
    self = .whole
    guard let header, header.lowercased().hasPrefix("bytes=") else { return }
    let parts = header.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2,
      parts.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } })
    else { return }
    switch (Int(parts[0]), Int(parts[1])) {
    case (let first?, let last) where parts[1].isEmpty || last != nil:
      if let last, last < first { return }
      self = first < size ? .part(first..<min(size - 1, last ?? size - 1) + 1) : .unsatisfiable
    case (nil, let count?) where parts[0].isEmpty:
      self = count > 0 && size > 0 ? .part(max(0, size - count)..<size) : .unsatisfiable
    default: return
    }
  }
}
