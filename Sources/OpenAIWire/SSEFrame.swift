/// One block of a Server-Sent Events stream, up to and including the blank line that ends it.
package struct SSEFrame: Sendable {
  /// What a block amounts to.
  package enum Kind: Sendable {
    /// It has data: an event is dispatched.
    case event
    /// It has fields (such as `event`, `id` or `retry`), but no data: nothing is dispatched.
    case fields
    /// It has nothing but comments, such as a keep-alive.
    case comment
    /// It is a blank line alone.
    case blank
  }

  /// The array in which the block stands, shared with other frames.
  package let bytes: [UInt8]
  /// Where the block stands in `bytes`, terminator included.
  package let range: Range<Int>
  /// What the block amounts to.
  package let kind: Kind
  /// Whether there are fields other than `data`.
  package let hasOtherFields: Bool
  /// The lines of the block: `range` without what precedes the first line, which may be a byte
  /// order mark, or the LF of a CRLF that the frame before could not wait for.
  let lines: Range<Int>
  /// The value of the first `data` line, in `bytes`.
  let firstData: Range<Int>?
  /// How many `data` lines there are.
  package let dataLineCount: Int

  /// The bytes of the block as they came in. The blocks of a stream and its unfinished remainder
  /// add up to the stream, byte for byte.
  package var raw: ArraySlice<UInt8> { bytes[range] }

  /// Where the data stands in `bytes`, if it stands there in one piece: one `data` line.
  package var dataRange: Range<Int>? { dataLineCount == 1 ? firstData : nil }

  /// The data, its lines joined by LF; nil without data. One line is not copied.
  package var data: ArraySlice<UInt8>? {
    guard kind == .event else { return nil }
    if let dataRange { return bytes[dataRange] }
    var joined: [UInt8] = []
    var lines = SSELines(bytes, lines)
    while let line = lines.next() {
      guard line.isNamed("data") else { continue }
      joined.append(contentsOf: bytes[line.value])
      joined.append(0x0A)
    }
    joined.removeLast()
    return joined[...]
  }

  /// Whether the data is OpenAI's end mark, `[DONE]`.
  package var isDone: Bool {
    guard let dataRange, dataRange.count == 6 else { return false }
    return bytes[dataRange].elementsEqual("[DONE]".utf8)
  }
}
