/// A field's value with parameters, such as `form-data; name="image"; filename="a.png"`
/// (RFC 9110, section 5.6.6), read strictly: what two readers could understand differently is
/// refused.
package struct FieldParameters: Sendable, Hashable {
  /// What stands before the first semicolon, in lower case.
  package let value: String
  private let parameters: [String: String]

  /// Parameters that a value may have.
  private static let countLimit = 16

  /// Nil where the text is malformed, a parameter stands twice, or there are more than 16.
  package init?(_ text: String) {
    var rest = Array(text.utf8)[...]
    let head = ASCII.trimmed(rest.prefix { $0 != UInt8(ascii: ";") })
    guard !head.isEmpty,
      head.allSatisfy({ ASCII.isToken($0) || $0 == UInt8(ascii: "/") })
    else { return nil }
    value = String(decoding: head.map(ASCII.lowercased), as: UTF8.self)
    rest = rest.drop { $0 != UInt8(ascii: ";") }
    var found: [String: String] = [:]
    while !rest.isEmpty {
      guard rest.removeFirst() == UInt8(ascii: ";") else { return nil }
      rest = rest.drop(while: ASCII.isSpace)
      // Nothing between two semicolons, or after the last, is allowed.
      guard let next = rest.first, next != UInt8(ascii: ";") else { continue }
      let name = rest.prefix(while: ASCII.isToken)
      rest = rest.dropFirst(name.count)
      guard !name.isEmpty, rest.popFirst() == UInt8(ascii: "="),
        let value = Self.takeValue(&rest)
      else { return nil }
      rest = rest.drop(while: ASCII.isSpace)
      let key = String(decoding: name.map(ASCII.lowercased), as: UTF8.self)
      guard found.updateValue(value, forKey: key) == nil, found.count <= Self.countLimit else {
        return nil
      }
    }
    parameters = found
  }

  /// The value of a parameter, whose name is in lower case.
  package subscript(name: String) -> String? { parameters[name] }

  /// A token or a quoted string. A backslash escapes only a quote or another backslash: some
  /// browsers send paths with single backslashes.
  private static func takeValue(_ rest: inout ArraySlice<UInt8>) -> String? {
    guard rest.first == UInt8(ascii: "\"") else {
      let token = rest.prefix(while: ASCII.isToken)
      rest = rest.dropFirst(token.count)
      return token.isEmpty ? nil : String(decoding: token, as: UTF8.self)
    }
    rest.removeFirst()
    var text: [UInt8] = []
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "\""): return String(validating: text, as: UTF8.self)
      case UInt8(ascii: "\\"):
        if let next = rest.first, next == UInt8(ascii: "\"") || next == UInt8(ascii: "\\") {
          rest.removeFirst()
          text.append(next)
        } else {
          text.append(byte)
        }
      default: text.append(byte)
      }
    }
    return nil
  }
}
