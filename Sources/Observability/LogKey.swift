/// The name of a log field, as it stands in a line: made once where a line is written often.
struct LogKey: Sendable {
  /// `,"name":`
  let rendered: [UInt8]

  /// - Parameter name: of the program's own, with nothing in it that JSON escapes.
  init(_ name: String) { rendered = Array(",\"\(name)\":".utf8) }
}
