internal import OpenAIWire

/// What a simulated provider finds wrong with a request; it says so in its own words.
struct SimulatedRejection: Error {
  var status = 400
  var message: String
  var param: String?
  var code: String?
}

/// Reads the fields of a JSON body as strictly as a provider does.
struct FieldCheck {
  let object: JSONSlice

  /// - Throws: `SimulatedRejection` where the body is no object, or has a field beside `known`.
  init(_ body: [UInt8], known: Set<String>) throws(SimulatedRejection) {
    guard let object = try? JSONSlice.parse(body), object.kind == .object else {
      throw SimulatedRejection(message: "Could not parse the JSON body.")
    }
    self.object = object
    try allow(object, known)
  }

  func allow(_ object: JSONSlice, _ known: Set<String>) throws(SimulatedRejection) {
    for member in object.members where !known.contains(member.key) {
      throw SimulatedRejection(
        message: "Unrecognized field '\(member.key)'.", param: member.key, code: "unknown_field")
    }
  }

  /// A text of 1 to `limit` characters.
  func text(_ name: String, limit: Int = 10_000) throws(SimulatedRejection) -> String {
    guard let text = object[name]?.string, (1...limit).contains(text.count) else {
      throw wrong(name, "must be a text of 1 to \(limit) characters")
    }
    return text
  }

  /// One of `words`; nil where the field is absent.
  func word(_ name: String, of words: [String]) throws(SimulatedRejection) -> String? {
    guard let value = object[name] else { return nil }
    guard let word = value.string, words.contains(word) else {
      throw wrong(name, "must be one of \(words.joined(separator: ", "))")
    }
    return word
  }

  /// A whole number; nil where the field is absent.
  func integer(
    _ name: String, in range: ClosedRange<Int>
  ) throws(SimulatedRejection) -> Int? {
    guard let value = object[name] else { return nil }
    guard let number = value.int, range.contains(number) else {
      throw wrong(name, "must be a whole number of \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// A number; nil where the field is absent.
  func number(
    _ name: String, in range: ClosedRange<Double>
  ) throws(SimulatedRejection) -> Double? {
    guard let value = object[name] else { return nil }
    guard let number = value.double, range.contains(number) else {
      throw wrong(name, "must be a number of \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// The bytes of a picture in a `data:` URL.
  func picture(_ value: JSONSlice, _ name: String) throws(SimulatedRejection) -> [UInt8] {
    guard let text = value.stringBytes, text.starts(with: "data:image/".utf8),
      let comma = text.firstIndex(of: UInt8(ascii: ",")),
      let bytes = Base64.decode(Array(text[(comma + 1)...])), !bytes.isEmpty
    else { throw wrong(name, "must be a data URL of a picture") }
    return bytes
  }

  func wrong(_ name: String, _ what: String) -> SimulatedRejection {
    SimulatedRejection(
      message: "Invalid value: '\(name)' \(what).", param: name, code: "invalid_value")
  }
}

extension SimulatedCall {
  /// Whether the request carries a key, and one that is not refused.
  var hasBearer: Bool {
    guard let value = request.authorization, value.hasPrefix("Bearer ") else { return false }
    let key = value.dropFirst("Bearer ".count)
    return !key.isEmpty && key != "bad-key"
  }

  /// About a megapixel in the shape of `ratio`, such as `16:9`.
  static func sides(of ratio: String?) -> (width: Int, height: Int) {
    let parts = (ratio ?? "1:1").split(separator: ":").compactMap { Double($0) }
    guard parts.count == 2, parts[0] > 0, parts[1] > 0 else { return (1024, 1024) }
    let height = (1_048_576 * parts[1] / parts[0]).squareRoot()
    func even(_ side: Double) -> Int { Int(side / 64) * 64 }
    return (even(height * parts[0] / parts[1]), even(height))
  }
}
