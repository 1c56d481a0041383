internal import Images
internal import OpenAIWire

/// A picture that a client has put into its request as a `data:` URL (RFC 2397): where it stands in
/// the body, which is shared, not copied.
package struct InlinePicture: Sendable {
  /// A string of the body.
  private let text: JSONSlice
  /// The URL within the decoded string; nil where it is all of it.
  private let part: Range<Int>?

  init(_ text: JSONSlice, part: Range<Int>? = nil) {
    self.text = text
    self.part = part
  }

  /// Bytes of the URL, of which the picture has at most three quarters.
  package var length: Int { part?.count ?? text.range.count }

  /// The picture's bytes, of whatever kind; nil for a URL that is not in base64. Takes milliseconds
  /// a megabyte: to be run off the loop.
  package func decoded() -> [UInt8]? {
    let inside = text.raw.dropFirst().dropLast()
    if part == nil, !inside.contains(UInt8(ascii: "\\")) { return Self.decode(inside) }
    guard let whole = text.stringBytes else { return nil }
    return Self.decode(part.map { whole[$0.clamped(to: whole.indices)] } ?? whole[...])
  }

  private static func decode(_ url: ArraySlice<UInt8>) -> [UInt8]? {
    guard url.prefix(128).contains(";base64," as StaticString) else { return nil }
    return Base64.decode(url)
  }
}
