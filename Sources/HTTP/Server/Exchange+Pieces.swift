extension Exchange {
  /// Bytes that are written at one time of what is long.
  package static let pieceSize = 256 << 10

  /// Sends bytes piece by piece, each once the one before is with the kernel: what a slow client has
  /// not taken is not held a second time.
  package func write(inPieces bytes: [UInt8]) async throws(HTTPServerError) {
    var start = 0
    while start < bytes.count {
      let end = min(start + Self.pieceSize, bytes.count)
      try await write(Array(bytes[start..<end]))
      start = end
    }
  }
}
