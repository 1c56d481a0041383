internal import Observability
internal import OpenAIWire

/// One value of a catalog with its place. Each reader gives the value, or notes a fault and gives
/// nil, so that reading goes on and all faults are found at once.
struct CatalogNode {
  let reading: CatalogReading
  let value: JSONSlice
  let path: String

  func fault(_ message: String) {
    reading.fault(path, at: value.range.lowerBound, message)
  }

  var isObject: Bool { value.kind == .object }
  var isList: Bool { value.kind == .array }
  /// The text of a string, whatever it holds.
  var string: String? { value.string }

  var line: Int { reading.line(of: value.range.lowerBound) }

  /// The value as a message shows it.
  var shown: String {
    switch value.kind {
    case .string: Quoted(value.string ?? "").description
    case .object: "an object"
    case .array: "a list"
    case .number, .true, .false, .null: Quoted(String(decoding: value.raw, as: UTF8.self)).plain
    }
  }

  /// The place of a member.
  static func path(_ parent: String, _ key: String) -> String {
    let isPlain = key.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20) || byte == 0x2D
        || byte == 0x5F
    }
    if isPlain && !key.isEmpty && key.utf8.count <= 60 {
      return parent.isEmpty ? key : "\(parent).\(key)"
    }
    return "\(parent)[\"\(Quoted(key).plain)\"]"
  }

  // MARK: Words

  /// A text of 1 to `limit` bytes without control characters.
  func text(upTo limit: Int = 256, repeating: Bool = true) -> String? {
    let allowed = "a text of 1 to \(limit) bytes without control characters is allowed"
    guard let text = value.string else {
      fault("\(shown) is no text; \(allowed)")
      return nil
    }
    guard (1...limit).contains(text.utf8.count), text.isPrintable else {
      let what =
        text.isEmpty
        ? "is empty" : repeating ? "\(shown) is too long or not printable" : "is malformed"
      fault("\(what); \(allowed)")
      return nil
    }
    return text
  }

  /// One of the words of a type.
  func choice<Word: RawRepresentable<String> & CaseIterable>(_ type: Word.Type = Word.self) -> Word?
  {
    let words = Word.allCases.map(\.rawValue)
    let allowed = "one of \(words.joined(separator: ", ")) is allowed"
    guard let text = value.string else {
      fault("\(shown) is no text; \(allowed)")
      return nil
    }
    if let word = Word(rawValue: text) { return word }
    fault("\(shown) is unknown; \(allowed)\(Self.hint(text, words))")
    return nil
  }

  /// `; did you mean 'x'?`, where something known is near.
  static func hint(_ word: String, _ known: [String]) -> String {
    Suggestion.nearest(to: word, in: known).map { "; did you mean '\($0)'?" } ?? ""
  }

  // MARK: Numbers

  func integer(in range: ClosedRange<Int>) -> Int? {
    if let number = value.int, range.contains(number) { return number }
    let what = value.kind == .number ? "is out of range" : "is no number"
    fault(
      "\(shown) \(what); a whole number from \(range.lowerBound) to \(range.upperBound) is allowed")
    return nil
  }

  func number(from low: Double, to high: Double) -> Double? {
    if let number = value.double, (low...high).contains(number) { return number }
    let what = value.kind == .number ? "is out of range" : "is no number"
    fault("\(shown) \(what); a number from \(low.plain) to \(high.plain) is allowed")
    return nil
  }

  /// US dollars, 0 to 1000.
  func dollars() -> Double? { number(from: 0, to: 1000) }

  func flag() -> Bool? {
    if let flag = value.bool { return flag }
    fault("\(shown) is neither; true or false is allowed")
    return nil
  }

  // MARK: Lists

  /// A list of 1 to `most` elements, none twice. Nil only where this is no list.
  func list<Element: Hashable>(
    upTo most: Int = 64, orEmpty: Bool = false, _ read: (CatalogNode) -> Element?
  ) -> [Element]? {
    guard value.kind == .array else {
      fault("\(shown) is no list; a list of up to \(most) entries is allowed")
      return nil
    }
    var found: [Element] = []
    var seen: Set<Element> = []
    for (index, element) in value.elements.enumerated() {
      let node = CatalogNode(reading: reading, value: element, path: "\(path)[\(index)]")
      guard let entry = read(node) else { continue }
      if seen.insert(entry).inserted {
        found.append(entry)
      } else {
        node.fault("\(node.shown) is listed twice; once is allowed")
      }
    }
    let count = value.elements.reduce(0) { count, _ in count + 1 }
    if count > most || count == 0 && !orEmpty {
      fault("the list has \(count) entries; \(orEmpty ? 0 : 1) to \(most) are allowed")
    }
    return found
  }
}

extension String {
  /// Whether no control character stands in it.
  fileprivate var isPrintable: Bool {
    unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) }
  }
}

extension Double {
  /// Without the `.0` of a whole number.
  fileprivate var plain: String {
    let whole = Int(self)
    return Double(whole) == self ? "\(whole)" : "\(self)"
  }
}
