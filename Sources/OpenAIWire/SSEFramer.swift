/// Splits a stream of Server-Sent Events (WHATWG HTML, 9.2.6) into its blocks, for a relay.
///
/// Every byte that is pushed comes out again: in the frames, in order, and in the remainder. Lines
/// end with CR, LF or CRLF. A frame that ends with a CR at the end of what has arrived is given
/// out at once; should an LF follow, the next frame's raw bytes begin with it.
package struct SSEFramer: Sendable {
  /// The bytes that one block may have before its blank line, by default.
  package static let defaultLimit = 4 << 20

  /// The bytes that one block may have before its blank line. What is buffered is at most this
  /// and what was pushed last.
  package let limit: Int
  var buffer: [UInt8] = []
  /// Where the block being read starts in `buffer`, and where it starts without a leading LF that
  /// belongs to the line end of the block before it.
  var frameStart = 0
  var blockStart = 0
  /// Where the line being read starts.
  var lineStart = 0
  /// Up to where `nextFrame` has looked for line ends, and `takeWholeFrames` for blank lines.
  var scanned = 0
  var searched = 0
  /// Whether the byte before `scanned` is a CR, so that an LF there belongs to it.
  var afterCR = false
  /// Whether the line being read is the stream's first, which may begin with a byte order mark.
  var isFirstLine = true
  var hasFailed = false
  private var draft = Draft()

  /// What the complete lines of the block being read amount to.
  private struct Draft {
    var content: Int?
    var firstData: Range<Int>?
    var dataLineCount = 0
    var hasComment = false
    var hasOtherFields = false

    var kind: SSEFrame.Kind {
      if dataLineCount > 0 { return .event }
      if hasOtherFields { return .fields }
      return hasComment ? .comment : .blank
    }
  }

  /// The lines that have ended in the block being read, as far as `nextFrame` has looked.
  var unfinishedLines: Range<Int> { (draft.content ?? blockStart)..<lineStart }

  /// A framer at the start of a stream.
  package init(limit: Int = defaultLimit) {
    self.limit = limit
  }

  /// Adds what has arrived.
  package mutating func push(_ bytes: Span<UInt8>) {
    compact()
    // Unsafe: the pointer is used inside the closure only; one block copy instead of a loop.
    bytes.withUnsafeBufferPointer { buffer.append(contentsOf: $0) }
  }

  /// Adds what has arrived, without a copy where nothing is left over from before.
  package mutating func push(_ bytes: [UInt8]) {
    let hasLeftover = frameStart < buffer.count
    if !hasLeftover { buffer = [] }
    compact()
    if hasLeftover { buffer.append(contentsOf: bytes) } else { buffer = bytes }
  }

  /// The next complete block; nil where more bytes are needed.
  package mutating func nextFrame() throws(SSEError) -> SSEFrame? {
    guard !hasFailed else { throw .eventTooLarge(limit: limit) }
    while true {
      if afterCR, scanned < buffer.count { skipLineFeed() }
      let lineEnd = ByteSearch.lineEnd(in: buffer, from: scanned, to: buffer.count)
      guard lineEnd < buffer.count else {
        scanned = buffer.count
        guard scanned - blockStart <= limit else { throw fail() }
        return nil
      }
      if isFirstLine { skipMark(lineEnd) }
      let line = lineStart..<lineEnd
      passLineEnd(lineEnd)
      guard line.isEmpty else {
        classify(line)
        continue
      }
      guard lineEnd - blockStart <= limit else { throw fail() }
      return finishFrame()
    }
  }

  private mutating func skipLineFeed() {
    afterCR = false
    guard buffer[scanned] == 0x0A else { return }
    if blockStart == scanned { blockStart += 1 }
    scanned += 1
    lineStart = scanned
  }

  private mutating func skipMark(_ lineEnd: Int) {
    isFirstLine = false
    if buffer[lineStart..<lineEnd].starts(with: [0xEF, 0xBB, 0xBF]) {
      lineStart += 3
      draft.content = lineStart
    }
  }

  private mutating func passLineEnd(_ lineEnd: Int) {
    scanned = lineEnd + 1
    if buffer[lineEnd] == 0x0D {
      if scanned == buffer.count {
        afterCR = true
      } else if buffer[scanned] == 0x0A {
        scanned += 1
      }
    }
    lineStart = scanned
  }

  private mutating func classify(_ range: Range<Int>) {
    if buffer[range.lowerBound] == UInt8(ascii: ":") {
      draft.hasComment = true
      return
    }
    let line = SSELine(buffer, range)
    guard line.isNamed("data") else {
      draft.hasOtherFields = true
      return
    }
    if draft.dataLineCount == 0 { draft.firstData = line.value }
    draft.dataLineCount += 1
  }

  private mutating func finishFrame() -> SSEFrame {
    let frame = SSEFrame(
      bytes: buffer, range: frameStart..<scanned, kind: draft.kind,
      hasOtherFields: draft.hasOtherFields, lines: (draft.content ?? blockStart)..<scanned,
      firstData: draft.firstData, dataLineCount: draft.dataLineCount)
    draft = Draft()
    frameStart = scanned
    blockStart = scanned
    searched = max(searched, scanned)
    return frame
  }

  mutating func fail() -> SSEError {
    hasFailed = true
    return .eventTooLarge(limit: limit)
  }

  /// Drops the bytes of frames that were given out, before more are added.
  private mutating func compact() {
    let used = frameStart
    guard used > 0 else { return }
    buffer.removeSubrange(0..<min(used, buffer.count))
    frameStart = 0
    blockStart -= used
    lineStart -= used
    scanned -= used
    searched -= used
    draft.content = draft.content.map { $0 - used }
    draft.firstData = draft.firstData.map { $0.lowerBound - used..<$0.upperBound - used }
  }

  /// Begins anew after `frameStart..<end` was handed out as a whole and dropped from `buffer`.
  mutating func restart(with rest: [UInt8], afterCR: Bool) {
    buffer = rest
    (frameStart, blockStart, lineStart, scanned, searched) = (0, 0, 0, 0, 0)
    self.afterCR = afterCR
    isFirstLine = false
    draft = Draft()
  }
}
