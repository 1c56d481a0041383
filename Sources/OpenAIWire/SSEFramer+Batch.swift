extension SSEFramer {
  /// All the complete blocks that are buffered, as one piece; empty where there is none.
  ///
  /// A relay looks here for what it would have to rewrite, and passes everything on at once where
  /// there is nothing of the kind. The slice shares the buffer: let it go before the next call.
  package var wholeFrames: ArraySlice<UInt8> {
    buffer[frameStart..<(endOfLastBlock ?? frameStart)]
  }

  /// Takes all the complete blocks that are buffered, as one piece; empty where there is none.
  /// Bytes that were pushed as one array, and end with a block, come back without a copy.
  ///
  /// The limit holds for the unfinished block; those taken are bounded by it and the last push.
  package mutating func takeWholeFrames() throws(SSEError) -> [UInt8] {
    guard !hasFailed else { throw .eventTooLarge(limit: limit) }
    guard let end = endOfLastBlock else {
      searched = buffer.count
      guard buffer.count - blockStart <= limit else { throw fail() }
      return []
    }
    let endsWithCR = buffer[end - 1] == 0x0D
    let start = frameStart
    var taken: [UInt8] = []
    swap(&taken, &buffer)
    let rest = end < taken.count ? Array(taken[end...]) : []
    restart(with: rest, afterCR: endsWithCR && rest.isEmpty)
    taken.removeLast(rest.count)
    if start > 0 { taken.removeFirst(start) }
    return taken
  }

  /// What is buffered of a block that has not ended. A client ignores it at the end of a stream;
  /// a relay passes it on.
  package mutating func takeRemainder() -> [UInt8] {
    let rest = Array(buffer[frameStart...])
    restart(with: [], afterCR: false)
    return rest
  }

  /// The offset past the last blank line that is buffered, found from the end.
  private var endOfLastBlock: Int? {
    // A blank line is at most four bytes with the line end before it, of which the last is new.
    let first = max(frameStart, searched)
    var at = buffer.count - 1
    while at >= first {
      let byte = buffer[at]
      if byte == 0x0A || byte == 0x0D {
        var lineEnd = at
        if byte == 0x0A, at > frameStart, buffer[at - 1] == 0x0D { lineEnd -= 1 }
        if isBlankLine(endingAt: lineEnd) { return at + 1 }
      }
      at -= 1
    }
    return nil
  }

  private func isBlankLine(endingAt lineEnd: Int) -> Bool {
    guard lineEnd > frameStart else { return !(startsWithLineFeed && buffer[lineEnd] == 0x0A) }
    let before = buffer[lineEnd - 1]
    return before == 0x0A || before == 0x0D
  }

  /// Whether the first byte of the block being read is the LF of the CRLF before it.
  private var startsWithLineFeed: Bool {
    scanned == frameStart ? afterCR : blockStart > frameStart
  }
}
