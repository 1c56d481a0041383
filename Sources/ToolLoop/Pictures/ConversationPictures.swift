/// The pictures of a conversation, in the order in which they appear. One that appears again keeps
/// its number.
package struct ConversationPictures: Sendable {
  /// How many are kept, the newest; the numbers of the others are not given again.
  static let limit = 20
  /// How many mentions are looked at.
  static let mentions = 4096
  /// Bytes of a URL.
  static let urlLimit = 8192

  private var newest: [PictureReference] = []
  private var count = 0
  private var mentioned = 0

  init() {}

  /// Whether there is none that the gateway could change.
  var isEmpty: Bool { !newest.contains(where: \.isWithinReach) }

  /// Whether more mentions are looked at.
  var isOpen: Bool { mentioned < Self.mentions }

  mutating func add(_ source: PictureReference.Source) {
    guard isOpen else { return }
    mentioned += 1
    guard !newest.contains(where: { $0.isSame(as: source) }) else { return }
    count += 1
    newest.append(PictureReference(number: count, source: source))
    if newest.count > Self.limit { newest.removeFirst() }
  }

  /// What may be named, for a model that has named something else.
  /// - Parameter numbers: of pictures that have turned out to be gone.
  func known(without numbers: Set<Int> = []) -> String {
    let list = newest.filter { $0.isWithinReach && !numbers.contains($0.number) }
    return list.isEmpty
      ? "There is no \(numbers.isEmpty ? "" : "other ")picture in this conversation yet."
      : "Known pictures: \(list.map(\.description).joined(separator: ", "))."
  }

  /// The picture of a name: `image_1`, an id, or a URL. Nothing but what stands in the conversation
  /// has a name, so that no model can be talked into fetching what its user has not shown it.
  /// - Throws: `InvalidArguments`, with a list of what can be named.
  func picture(named text: String) throws(InvalidArguments) -> PictureReference {
    let name = text.trimmed
    guard let found = newest.first(where: { $0.isNamed(name) }) else {
      throw InvalidArguments(
        message: "There is no picture '\(name.prefix(100))' in this conversation. \(known())")
    }
    guard found.isWithinReach else {
      throw InvalidArguments(
        message: "\(found.description) cannot be changed: it is not at an https URL. \(known())")
    }
    return found
  }
}

extension PictureReference {
  fileprivate func isNamed(_ text: String) -> Bool {
    if text.lowercased() == name { return true }
    switch source {
    case .stored(let id): return PictureMentions.id(in: Array(text.utf8)) == id
    case .remote(let url): return text == url
    case .inline: return false
    }
  }
}

extension String {
  /// Without the space around it.
  fileprivate var trimmed: String {
    let start = drop(while: \.isWhitespace)
    let end = start.lastIndex { !$0.isWhitespace }
    return end.map { String(start[...$0]) } ?? ""
  }
}
