extension [UInt8] {
  /// The same without the mark of the byte order that some servers begin with. SDKs pass over it
  /// (RFC 8259, section 8.1).
  package var withoutByteOrderMark: [UInt8] {
    starts(with: [0xEF, 0xBB, 0xBF]) ? Array(self[3...]) : self
  }
}
