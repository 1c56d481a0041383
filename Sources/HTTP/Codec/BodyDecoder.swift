/// Takes the framing off a body, piece by piece.
package struct BodyDecoder: Sendable {
  /// How far a call of `decode` got.
  package enum Progress: Sendable, Hashable {
    /// The buffer is used up and the body is not complete.
    case needsMore
    /// The body is complete; what is left in the buffer follows it.
    case finished
    /// The output has taken as much as it may; there is more in the buffer.
    case outputFull
  }

  private enum State {
    case length(Int)
    case chunkSize
    case chunk(Int)
    case chunkEnd
    case trailers
    case untilClose
    case finished
  }

  private let limits: HTTPLimits
  private var state: State
  private var decoded = 0
  private var scanned = 0
  private var trailerParser: FieldBlockParser

  /// A decoder for one body.
  package init(_ framing: BodyFraming, limits: HTTPLimits) {
    self.limits = limits
    trailerParser = FieldBlockParser(limits, of: .trailers)
    switch framing {
    case .none, .length(0): state = .finished
    case .length(let length): state = .length(length)
    case .chunked: state = .chunkSize
    case .untilClose: state = .untilClose
    }
  }

  /// The fields behind the last chunk.
  package var trailers: HeaderFields { trailerParser.fields }

  /// Moves body bytes from the front of the buffer to the end of `output`.
  /// - Parameter max: bytes that `output` may hold afterwards.
  /// - Throws: `HTTPParseError`: a malformed chunk, or 413 past the bound on the body.
  package mutating func decode(
    _ buffer: inout ByteBuffer, into output: inout [UInt8], max: Int
  ) throws(HTTPParseError) -> Progress {
    while true {
      switch state {
      case .finished: return .finished
      case .length(let left):
        guard left <= limits.body - decoded else { throw .bodyTooLarge(limits.body) }
        guard let progress = try move(left, &buffer, &output, max, { .length($0) }) else {
          state = .finished
          continue
        }
        return progress
      case .chunk(let left):
        guard let progress = try move(left, &buffer, &output, max, { .chunk($0) }) else {
          state = .chunkEnd
          continue
        }
        return progress
      case .untilClose:
        _ = try move(.max, &buffer, &output, max) { _ in .untilClose }
        return buffer.isEmpty ? .needsMore : .outputFull
      case .chunkSize:
        guard
          let size = try LineReader.next(
            &buffer, scanned: &scanned, limit: limits.chunkLine,
            overflow: .bad("The line of a chunk is too long."), ChunkLine.size)
        else { return .needsMore }
        guard size <= limits.body - decoded else { throw .bodyTooLarge(limits.body) }
        state = size == 0 ? .trailers : .chunk(size)
      case .chunkEnd:
        guard buffer.count >= 2 else {
          if buffer.count == 1 && buffer[0] != 0x0D {
            throw .bad("A chunk is longer than its size.")
          }
          return .needsMore
        }
        guard buffer[0] == 0x0D, buffer[1] == 0x0A else {
          throw .bad("A chunk is longer than its size.")
        }
        buffer.consume(2)
        state = .chunkSize
      case .trailers:
        guard try trailerParser.parse(&buffer) else { return .needsMore }
        try checkTrailers()
        state = .finished
      }
    }
  }

  /// Tells whether a body that the connection's end cuts is complete.
  /// - Throws: `HTTPParseError` if not.
  package func finishAtEOF() throws(HTTPParseError) {
    switch state {
    case .finished, .untilClose: return
    default: throw .bad("The connection ended within the body.")
    }
  }

  /// - Returns: nil when all of `left` was moved.
  private mutating func move(
    _ left: Int, _ buffer: inout ByteBuffer, _ output: inout [UInt8], _ max: Int,
    _ next: (Int) -> State
  ) throws(HTTPParseError) -> Progress? {
    let amount = min(left, buffer.count, Swift.max(0, max - output.count))
    guard amount <= limits.body - decoded else { throw .bodyTooLarge(limits.body) }
    decoded += amount
    if amount > 0 { buffer.move(amount, to: &output) }
    if amount == left { return nil }
    state = next(left - amount)
    return buffer.isEmpty ? .needsMore : .outputFull
  }

  /// Fields that would change how the message is read must not come after it
  /// (RFC 9110, section 6.5.1).
  private func checkTrailers() throws(HTTPParseError) {
    for name in ["content-length", "transfer-encoding", "host", "connection", "authorization"]
    where trailers.contains(name) {
      throw .bad("A trailer must not be \(name).")
    }
  }
}

/// The line that begins a chunk (RFC 9112, section 7.1).
private enum ChunkLine {
  static func size(_ line: ArraySlice<UInt8>) throws(HTTPParseError) -> Int {
    var size = 0
    var index = line.startIndex
    while index < line.endIndex, let digit = ASCII.hexValue(line[index]) {
      guard index - line.startIndex < 15 else { throw .bad("The size of a chunk is too large.") }
      size = size << 4 | digit
      index += 1
    }
    guard index > line.startIndex else { throw .bad("The size of a chunk is malformed.") }
    try checkExtensions(line[index...])
    return size
  }

  /// Extensions are overlooked, but must be well-formed: `;name`, `;name=token`, `;name="text"`.
  /// Whitespace may stand within them (BWS), but not between the size and the first: readers differ
  /// on where such a size ends.
  private static func checkExtensions(_ line: ArraySlice<UInt8>) throws(HTTPParseError) {
    let malformed = HTTPParseError.bad("The extension of a chunk is malformed.")
    var rest = line
    while rest.first == UInt8(ascii: ";") {
      rest = rest.dropFirst().drop(while: ASCII.isSpace)
      let name = rest.prefix(while: ASCII.isToken)
      guard !name.isEmpty else { throw malformed }
      rest = afterSpace(rest.dropFirst(name.count), before: "=;")
      guard rest.first == UInt8(ascii: "=") else { continue }
      rest = rest.dropFirst().drop(while: ASCII.isSpace)
      if rest.first == UInt8(ascii: "\"") {
        rest = try afterQuotedText(rest.dropFirst(), malformed)
      } else {
        let value = rest.prefix(while: ASCII.isToken)
        guard !value.isEmpty else { throw malformed }
        rest = rest.dropFirst(value.count)
      }
      rest = afterSpace(rest, before: ";")
    }
    guard rest.isEmpty else { throw malformed }
  }

  /// Drops whitespace that one of `marks` follows.
  private static func afterSpace(
    _ rest: ArraySlice<UInt8>, before marks: StaticString
  ) -> ArraySlice<UInt8> {
    let after = rest.drop(while: ASCII.isSpace)
    let isFollowed = marks.withUTF8Buffer { after.first.map($0.contains) == true }
    return isFollowed ? after : rest
  }

  private static func afterQuotedText(
    _ text: ArraySlice<UInt8>, _ malformed: HTTPParseError
  ) throws(HTTPParseError) -> ArraySlice<UInt8> {
    var index = text.startIndex
    while index < text.endIndex {
      switch text[index] {
      case UInt8(ascii: "\""): return text[(index + 1)...]
      case UInt8(ascii: "\\"): index += 2
      default: index += 1
      }
    }
    throw malformed
  }
}
