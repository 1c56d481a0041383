/// Writes Server-Sent Events.
package enum SSEWriter {
  /// OpenAI's end mark: `data: [DONE]` and a blank line.
  package static let done = Array("data: [DONE]\n\n".utf8)

  /// An event with `data`; each line of it becomes a `data` line.
  ///
  /// - Parameter event: its type, of which anything from a line break on is dropped.
  package static func event(data: some Collection<UInt8>, event: String? = nil) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(data.count + 32)
    if let event {
      bytes.append(contentsOf: "event: ".utf8)
      bytes.append(contentsOf: event.utf8.prefix { $0 != 0x0A && $0 != 0x0D })
      bytes.append(0x0A)
    }
    appendLines(data, prefix: "data: ", to: &bytes)
    bytes.append(0x0A)
    return bytes
  }

  /// An event with the UTF-8 of `text` as its data.
  package static func event(text: String, event: String? = nil) -> [UInt8] {
    Self.event(data: text.utf8, event: event)
  }

  /// A comment block, which clients ignore; it keeps a connection from looking idle.
  package static func comment(_ text: String) -> [UInt8] {
    var bytes: [UInt8] = []
    appendLines(text.utf8, prefix: ": ", to: &bytes)
    bytes.append(0x0A)
    return bytes
  }

  private static func appendLines(
    _ data: some Collection<UInt8>, prefix: String, to bytes: inout [UInt8]
  ) {
    bytes.append(contentsOf: prefix.utf8)
    var rest = data[...]
    while let lineEnd = rest.firstIndex(where: { $0 == 0x0A || $0 == 0x0D }) {
      bytes.append(contentsOf: rest[..<lineEnd])
      bytes.append(0x0A)
      bytes.append(contentsOf: prefix.utf8)
      let isCR = rest[lineEnd] == 0x0D
      rest = rest[rest.index(after: lineEnd)...]
      if isCR, rest.first == 0x0A { rest = rest.dropFirst() }
    }
    bytes.append(contentsOf: rest)
    bytes.append(0x0A)
  }
}
