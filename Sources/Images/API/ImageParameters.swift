internal import OpenAIWire

/// The parameters of a call, be they members of a JSON body or fields of a form.
protocol ImageParameters {
  /// The names of all that say something.
  var names: [String] { get }
  /// A text; nil where it is absent, null or empty.
  /// - Throws: `OpenAIError` with status 400 for another type, or more than `limit` characters.
  func text(_ key: String, _ limit: Int) throws(OpenAIError) -> String?
  /// - Throws: `OpenAIError` with status 400 for anything but an integer of the range.
  func integer(_ key: String, _ range: ClosedRange<Int>) throws(OpenAIError) -> Int?
  /// - Throws: `OpenAIError` with status 400 for anything but a number of the range.
  func number(_ key: String, _ range: ClosedRange<Double>) throws(OpenAIError) -> Double?
  /// - Throws: `OpenAIError` with status 400 for anything but true or false.
  func flag(_ key: String) throws(OpenAIError) -> Bool?
}

extension ImageParameters {
  static func tooLong(_ key: String, _ limit: Int) -> OpenAIError {
    .invalidRequest(
      "The field '\(key)' must be a text of at most \(limit) characters.", param: key)
  }

  static func notInteger(_ key: String, _ range: ClosedRange<Int>) -> OpenAIError {
    .invalidRequest(
      "The field '\(key)' must be an integer from \(range.lowerBound) to \(range.upperBound).",
      param: key)
  }

  static func notNumber(_ key: String, _ range: ClosedRange<Double>) -> OpenAIError {
    .invalidRequest(
      "The field '\(key)' must be a number from \(range.lowerBound) to \(range.upperBound).",
      param: key)
  }

  static func notFlag(_ key: String) -> OpenAIError {
    .invalidRequest("The field '\(key)' must be true or false.", param: key)
  }

  /// One of some words.
  func word(_ key: String, _ allowed: [String]) throws(OpenAIError) -> String? {
    guard let word = try text(key, 32) else { return nil }
    guard allowed.contains(word) else {
      throw .invalidRequest(
        "The field '\(key)' must be one of: \(allowed.joined(separator: ", ")).", param: key)
    }
    return word
  }
}

/// The members of a JSON body.
struct JSONParameters: ImageParameters {
  let object: JSONSlice

  var names: [String] { object.members.filter { !$0.value.isNull }.map(\.key) }

  private func value(_ key: String) -> JSONSlice? {
    object[key].flatMap { $0.isNull ? nil : $0 }
  }

  func text(_ key: String, _ limit: Int) throws(OpenAIError) -> String? {
    guard let value = value(key) else { return nil }
    guard let text = value.string, text.count <= limit else { throw Self.tooLong(key, limit) }
    return text.isEmpty ? nil : text
  }

  func integer(_ key: String, _ range: ClosedRange<Int>) throws(OpenAIError) -> Int? {
    guard let value = value(key) else { return nil }
    guard let number = value.int, range.contains(number) else { throw Self.notInteger(key, range) }
    return number
  }

  func number(_ key: String, _ range: ClosedRange<Double>) throws(OpenAIError) -> Double? {
    guard let value = value(key) else { return nil }
    guard let number = value.double, range.contains(number) else {
      throw Self.notNumber(key, range)
    }
    return number
  }

  func flag(_ key: String) throws(OpenAIError) -> Bool? {
    guard let value = value(key) else { return nil }
    guard let flag = value.bool else { throw Self.notFlag(key) }
    return flag
  }
}
