/// The words of a text and what they ask for.
struct Words {
  private static let pictureWords: Set<String> = [
    "draw", "draws", "drawing", "drawings", "paint", "painting", "paintings", "picture",
    "pictures", "image", "images", "illustrate", "illustration", "illustrations", "photo",
    "photos", "photograph", "sketch", "sketches", "logo", "logos", "icon", "poster", "render",
    "watercolour", "watercolor", "wallpaper",
  ]
  private static let numbers = [
    "one": 1, "two": 2, "three": 3, "four": 4, "1": 1, "2": 2, "3": 3, "4": 4,
  ]
  /// What stands before the subject: "please draw me two wide pictures of ...".
  private static let opening: Set<String> = pictureWords.union(numbers.keys).union([
    "please", "can", "could", "would", "will", "you", "i", "want", "need", "like", "d", "to",
    "make", "create", "generate", "produce", "show", "give", "design", "and", "then", "hi",
    "hello", "now", "just", "me", "us", "a", "an", "the", "some", "of", "new", "wide", "tall",
    "landscape", "portrait", "in", "format",
  ])

  let text: String
  /// The words in lower case.
  let all: [String]

  init(_ text: String) {
    self.text = text
    all = text.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map { $0.lowercased() }
  }

  var askForPicture: Bool { all.contains(where: Self.pictureWords.contains) }

  /// Whether something is to be different.
  var askForChange: Bool {
    let lower = text.lowercased()
    return all.contains("change") || all.contains("edit") || lower.contains("make it ")
      || lower.contains("turn it into")
  }

  /// The picture that the words name: an id, a URL or `image_2`.
  var pictureName: String? {
    text.split(whereSeparator: \.isWhitespace).lazy.map(Self.bare).first { word in
      let number = word.hasPrefix("image_") ? Int(word.dropFirst(6)) : nil
      return word.hasPrefix("img_") || word.contains("://") || number != nil
    }
  }

  /// A word without the punctuation at its end.
  private static func bare(_ word: Substring) -> String {
    var word = word
    while let last = word.last, ".,:;!?".contains(last) { word.removeLast() }
    return String(word)
  }

  /// The format that the words name, if any.
  var size: String? {
    if all.contains("wide") || all.contains("landscape") { return "1792x1024" }
    if all.contains("tall") || all.contains("portrait") { return "1024x1792" }
    return nil
  }

  /// A number of pictures, where one stands at most three words before a picture word.
  var count: Int? {
    for (place, word) in all.enumerated() {
      guard let number = Self.numbers[word], number > 1 else { continue }
      if all[(place + 1)...].prefix(3).contains(where: Self.pictureWords.contains) {
        return number
      }
    }
    return nil
  }

  /// What the picture shall show: the text without its opening words and its last full stop.
  var subject: String {
    var rest = text[...]
    while let start = rest.firstIndex(where: { $0.isLetter || $0.isNumber }) {
      let end = rest[start...].firstIndex { !($0.isLetter || $0.isNumber) } ?? rest.endIndex
      let word = rest[start..<end].lowercased()
      // An article stays with its noun: "a fox", but not "a picture".
      let next = Words(String(rest[end...].prefix(64))).all.first ?? ""
      if !Self.opening.contains(word)
        || (["a", "an", "the", "some"].contains(word) && !Self.opening.contains(next))
      {
        rest = rest[start...]
        break
      }
      rest = rest[end...]
    }
    while let last = rest.last, last.isWhitespace || ".!?,".contains(last) { rest.removeLast() }
    return rest.isEmpty ? text : String(rest)
  }

  /// A number that stands right before "words", at most 100 000.
  var requestedLength: Int? {
    for (number, word) in zip(all, all.dropFirst()) where word == "words" {
      if let length = Int(number), length > 0 { return min(length, 100_000) }
    }
    return nil
  }

  /// Whether the text mentions a tool: its name, or the word "weather" for a tool of the weather.
  func mention(tool: String) -> Bool {
    let name = tool.lowercased()
    if all.contains(name) || text.lowercased().contains(name) { return true }
    return name.contains("weather") && all.contains("weather")
  }
}
