extension [UInt8] {
  /// The same without the mark of the byte order that some servers begin with. SDKs pass over it
  /// (RFC 8259, section 8.1).
  package var withoutByteOrderMark: [UInt8] {
    starts(with: Self.byteOrderMark) ? Array(self[3...]) : self
  }

  /// What follows that mark and the blanks, which some servers send for as long as they think.
  package var text: ArraySlice<UInt8> {
    (starts(with: Self.byteOrderMark) ? self[3...] : self[...])
      .drop { $0 == 0x20 || (0x09...0x0D).contains($0) }
  }

  /// Whether it may become such a mark.
  package var isPartOfByteOrderMark: Bool { count < 3 && Self.byteOrderMark.starts(with: self) }

  private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
}
