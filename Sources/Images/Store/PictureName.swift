/// The names under which stores keep a picture: `img_<32 hex digits>` and a suffix.
struct PictureName: Hashable {
  enum Part: Hashable {
    case picture(ImageFormat)
    case metadata
  }

  let id: String
  let part: Part

  init(_ id: String, _ part: Part) {
    self.id = id
    self.part = part
  }

  /// Reads a name; nil for one that no store of ours has given.
  init?(_ text: some StringProtocol) {
    guard let dot = text.firstIndex(of: ".") else { return nil }
    let id = String(text[..<dot])
    guard Self.isValid(id: id) else { return nil }
    let suffix = String(text[text.index(after: dot)...])
    if suffix == "json" {
      self.init(id, .metadata)
    } else if let format = ImageFormat(rawValue: suffix) {
      self.init(id, .picture(format))
    } else {
      return nil
    }
  }

  /// `img_….png`, `img_….json`.
  var text: String {
    switch part {
    case .picture(let format): "\(id).\(format.rawValue)"
    case .metadata: "\(id).json"
    }
  }

  /// An id that nobody can guess: 128 bits of the system's generator.
  static func newID() -> String {
    var generator = SystemRandomNumberGenerator()
    let digits = (0..<2).map { _ in
      let number = String(generator.next(), radix: 16)
      return String(repeating: "0", count: 16 - number.count) + number
    }
    return "img_" + digits.joined()
  }

  /// `img_` and 32 digits.
  static let idLength = 36

  /// Whether a text could be an id; nothing else ever becomes part of a path or key.
  static func isValid(id: String) -> Bool {
    id.utf8.count == idLength && id.utf8.starts(with: "img_".utf8)
      && id.utf8.dropFirst(4).allSatisfy {
        (0x30...0x39).contains($0) || (0x61...0x66).contains($0)
      }
  }
}
