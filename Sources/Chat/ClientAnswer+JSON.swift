package import HTTP
package import OpenAIWire

extension ClientAnswer {
  /// Its body, where it is JSON.
  package var json: JSONSlice? { try? JSONSlice.parse(body.withoutByteOrderMark) }

  /// Whether it ends with its connection, so that its end tells nothing.
  var endsWithConnection: Bool {
    head.contentLength == nil && !head.headers.contains("transfer-encoding")
  }

  /// Whether it is JSON that breaks off, as far as its end tells nothing: the JSON itself does then.
  var isCut: Bool {
    guard endsWithConnection, !head.headers.contains("content-encoding"), !body.isEmpty else {
      return false
    }
    if body.isPartOfByteOrderMark { return true }
    guard head.isJSON == true || body.text.first == UInt8(ascii: "{") else { return false }
    let text = body.withoutByteOrderMark
    do throws(JSONError) {
      try JSONScanner.validate(text)
      return false
    } catch {
      return error.offset == text.count || !Self.isClosed(body.text)
    }
  }

  /// Whether a text whose JSON is wrong somewhere ends as it began.
  private static func isClosed(_ text: ArraySlice<UInt8>) -> Bool {
    let last = text.last { !($0 == 0x20 || (0x09...0x0D).contains($0)) }
    return switch text.first {
    case UInt8(ascii: "{"): last == UInt8(ascii: "}")
    case UInt8(ascii: "["): last == UInt8(ascii: "]")
    default: true
    }
  }
}
