internal import OpenAIWire

/// The members of a JSON request, in the order in which they are added.
struct ParameterFields {
  private enum Value {
    case text(String)
    case integer(Int)
    case number(Double)
    case flag(Bool)
    case raw([UInt8])
  }

  private var fields: [(name: String, value: Value)] = []

  /// Adds a string, or nothing for nil.
  mutating func add(_ name: String, _ text: String?) {
    if let text { fields.append((name, .text(text))) }
  }

  /// Adds an integer, or nothing for nil.
  mutating func add(_ name: String, _ number: Int?) {
    if let number { fields.append((name, .integer(number))) }
  }

  /// Adds a number, or nothing for nil.
  mutating func add(_ name: String, _ number: Double?) {
    if let number { fields.append((name, .number(number))) }
  }

  /// Adds a flag, or nothing for nil.
  mutating func add(_ name: String, _ flag: Bool?) {
    if let flag { fields.append((name, .flag(flag))) }
  }

  /// Adds a value that is JSON already.
  mutating func add(_ name: String, raw: [UInt8]) { fields.append((name, .raw(raw))) }

  /// Adds a list of strings.
  mutating func add(_ name: String, list: [String]) {
    var writer = JSONWriter()
    writer.beginArray()
    for text in list { writer.value(text) }
    writer.endArray()
    add(name, raw: writer.bytes)
  }

  /// Adds an object of width and height.
  mutating func add(_ name: String, object size: ImageSize) {
    let object = JSONWriter.object { writer in
      writer.member("width", size.width)
      writer.member("height", size.height)
    }
    add(name, raw: object)
  }

  /// Adds a model's own settings where the request has said nothing. A setting that reads as JSON is
  /// sent as such (`true`, `3.5`, `"1"` with its quotes), any other as a string. Names that end in
  /// `_field` or are in `others` steer the adapter, and are not sent.
  mutating func add(settings: [String: String], except others: Set<String> = []) {
    for (name, text) in settings.sorted(by: { $0.key < $1.key }) {
      guard !name.hasSuffix("_field"), !others.contains(name), !contains(name) else { continue }
      if let value = try? JSONSlice.parse(Array(text.utf8)) {
        add(name, raw: Array(value.raw))
      } else {
        add(name, text)
      }
    }
  }

  /// Whether a field of this name was added.
  func contains(_ name: String) -> Bool { fields.contains { $0.name == name } }

  /// Writes the members into an object that is open.
  func write(to writer: inout JSONWriter) {
    for field in fields {
      switch field.value {
      case .text(let text): writer.member(field.name, text)
      case .integer(let number): writer.member(field.name, number)
      case .number(let number): writer.member(field.name, number)
      case .flag(let flag): writer.member(field.name, flag)
      case .raw(let bytes): writer.member(field.name, raw: bytes)
      }
    }
  }

  /// As an object.
  func json() -> [UInt8] { JSONWriter.object { write(to: &$0) } }
}

extension InputImage {
  /// As base64, for a string of JSON.
  var base64Text: String {
    var text: [UInt8] = []
    Base64.append(bytes, to: &text)
    return String(decoding: text, as: UTF8.self)
  }

  /// As a `data:` URI, for providers that take one in place of an address.
  var dataURI: String { "data:\(format.contentType);base64,\(base64Text)" }
}

extension ProviderPicture {
  /// A picture at an address, which may be a `data:` URI.
  init(address: String, seed: Int? = nil) {
    guard address.hasPrefix("data:") else {
      self.init(.url(address), seed: seed)
      return
    }
    self.init(base64: Array(address.utf8)[...], seed: seed)
  }
}
