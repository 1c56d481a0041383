internal import Images
internal import OpenAIWire

/// Finds pictures in a text: the ids of stored ones, bare or within URLs, and `data:` URLs.
struct PictureMentions: Sequence, IteratorProtocol {
  enum Mention: Equatable {
    case stored(id: String)
    case data(Range<Int>)
  }

  private let text: [UInt8]
  private var at = 0
  /// Where the next of each kind begins, so that no byte is searched twice for one.
  private var id: Int?
  private var data: Int?

  init(_ text: [UInt8]) {
    self.text = text
    id = text.firstIndex(of: "img_" as StaticString)
    data = text.firstIndex(of: "data:image/" as StaticString)
  }

  /// The first id in a text.
  static func id(in text: [UInt8]) -> String? {
    for case .stored(let id) in PictureMentions(text) { return id }
    return nil
  }

  mutating func next() -> Mention? {
    while true {
      if let start = id, start < data ?? .max {
        at = start + 4
        id = text[at...].firstIndex(of: "img_" as StaticString)
        let isWord = start > 0 && Self.isWordByte(text[start - 1])
        if !isWord, let found = PictureID.prefix(of: text[start...]) { return .stored(id: found) }
      } else if let start = data {
        let end = text[start...].firstIndex { !PictureHistory.isURLByte($0) } ?? text.endIndex
        at = end
        data = text[at...].firstIndex(of: "data:image/" as StaticString)
        if let next = id, next < at { id = text[at...].firstIndex(of: "img_" as StaticString) }
        return .data(start..<end)
      } else {
        return nil
      }
    }
  }

  private static func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x5F, 0x61...0x7A: true
    default: false
    }
  }
}
