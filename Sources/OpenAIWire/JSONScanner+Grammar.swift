extension JSONScanner {
  private enum Expected {
    case value, valueOrEnd, key, keyOrEnd, commaOrEnd
  }

  /// The grammar: one loop over tokens. `recording` keeps the members of an outermost object.
  @inline(__always)
  static func run(
    _ buffer: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, _ maxDepth: Int, recording: Bool,
    into members: inout [JSONMember]
  ) throws(JSONError) -> Range<Int> {
    // Unsafe: the buffer comes from `withUnsafeBufferPointer` of the caller and stays inside it.
    guard let cursor = JSONCursor(buffer, end: range.upperBound), range.lowerBound >= 0 else {
      throw JSONError(offset: 0, message: "no value")
    }
    let end = cursor.end
    var containers = NestingStack()
    var expected = Expected.value
    var at = cursor.skipWhitespace(range.lowerBound)
    let root = at
    var key = 0..<0
    var valueStart = 0
    guard at < end else { throw JSONError(offset: at, message: "no value") }

    while true {
      at = cursor.skipWhitespace(at)
      guard at < end else { throw JSONError(offset: end, message: "unexpected end") }
      let byte = cursor[at]
      switch expected {
      case .keyOrEnd where byte == UInt8(ascii: "}"), .valueOrEnd where byte == UInt8(ascii: "]"):
        at += 1
        containers.pop()

      case .key, .keyOrEnd:
        guard byte == UInt8(ascii: "\"") else {
          throw JSONError(offset: at, message: "a quoted key is expected")
        }
        let start = at
        at = try cursor.string(at)
        if recording, containers.depth == 1 { key = start..<at }
        at = cursor.skipWhitespace(at)
        guard at < end, cursor[at] == UInt8(ascii: ":") else {
          throw JSONError(offset: at, message: "a colon is expected after a key")
        }
        at = cursor.skipWhitespace(at + 1)
        if recording, containers.depth == 1 { valueStart = at }
        expected = .value
        continue

      case .value, .valueOrEnd:
        switch byte {
        case UInt8(ascii: "\""):
          at = try cursor.string(at)
        case UInt8(ascii: "{"), UInt8(ascii: "["):
          guard containers.depth < maxDepth else {
            throw JSONError(offset: at, message: "nested deeper than \(maxDepth)")
          }
          let isObject = byte == UInt8(ascii: "{")
          containers.push(isObject: isObject)
          expected = isObject ? .keyOrEnd : .valueOrEnd
          at += 1
          continue
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
          at = try cursor.number(at)
        case UInt8(ascii: "t"): at = try cursor.literal(at, "true")
        case UInt8(ascii: "f"): at = try cursor.literal(at, "false")
        case UInt8(ascii: "n"): at = try cursor.literal(at, "null")
        case 0xEF where at == range.lowerBound:
          throw JSONError(offset: at, message: "a byte order mark is not allowed")
        default:
          throw JSONError(offset: at, message: "a value is expected")
        }

      case .commaOrEnd:
        if byte == UInt8(ascii: ",") {
          expected = containers.isObject ? .key : .value
          at += 1
          continue
        }
        guard byte == (containers.isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
          throw JSONError(offset: at, message: "a comma or the container's end is expected")
        }
        at += 1
        containers.pop()
      }

      // A value has just ended at `at`.
      if containers.depth == 0 { break }
      if recording, containers.depth == 1, containers.isObject {
        guard members.count < maxMembers else {
          throw JSONError(offset: key.lowerBound, message: "more than \(maxMembers) members")
        }
        members.append(member(cursor, key, valueStart..<at))
      }
      expected = .commaOrEnd
    }
    let rest = cursor.skipWhitespace(at)
    guard rest == end else {
      throw JSONError(offset: rest, message: "nothing may follow the value")
    }
    return root..<at
  }

  private static func member(
    _ cursor: JSONCursor, _ key: Range<Int>, _ value: Range<Int>
  ) -> JSONMember {
    var hasEscapes = false
    for at in key where cursor[at] == UInt8(ascii: "\\") {
      hasEscapes = true
      break
    }
    return JSONMember(
      key: key, value: value, kind: JSONKind(firstByte: cursor[value.lowerBound]) ?? .null,
      keyHasEscapes: hasEscapes)
  }
}
