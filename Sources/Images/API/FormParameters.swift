internal import HTTP
internal import OpenAIWire

/// The fields of a form.
struct FormParameters: ImageParameters {
  private let fields: [String: String]
  /// The files of a form, by their fields' names without `[]`, in order.
  let files: [(name: String, bytes: ArraySlice<UInt8>)]

  /// - Throws: `OpenAIError` for a body that is no form, or has a field twice.
  init(_ body: [UInt8], contentType: String) throws(OpenAIError) {
    let parts: [MultipartParser.Part]
    do throws(HTTPParseError) {
      parts = try MultipartParser.parse(body: body, contentType: contentType)
    } catch {
      throw OpenAIError(
        status: error.status, message: "The form cannot be read: \(error.message)",
        type: "invalid_request_error")
    }
    var fields: [String: String] = [:]
    var files: [(name: String, bytes: ArraySlice<UInt8>)] = []
    for part in parts {
      let name = part.name.hasSuffix("[]") ? String(part.name.dropLast(2)) : part.name
      if part.fileName != nil {
        files.append((name, part.bytes))
      } else {
        guard let text = part.text else {
          throw .invalidRequest("The field '\(name)' must be UTF-8.", param: name)
        }
        guard fields.updateValue(text, forKey: name) == nil else {
          throw .invalidRequest(
            "The field '\(name)' stands twice in the form. Send it once.", param: name)
        }
      }
    }
    self.fields = fields
    self.files = files
  }

  var names: [String] { fields.keys.filter { value($0) != nil }.sorted() }

  private func value(_ key: String) -> String? {
    fields[key].flatMap { $0.isEmpty ? nil : $0 }
  }

  func text(_ key: String, _ limit: Int) throws(OpenAIError) -> String? {
    guard let text = value(key) else { return nil }
    guard text.count <= limit else { throw Self.tooLong(key, limit) }
    return text
  }

  func integer(_ key: String, _ range: ClosedRange<Int>) throws(OpenAIError) -> Int? {
    guard let text = value(key) else { return nil }
    guard let number = Int(text), range.contains(number) else { throw Self.notInteger(key, range) }
    return number
  }

  func number(_ key: String, _ range: ClosedRange<Double>) throws(OpenAIError) -> Double? {
    guard let text = value(key) else { return nil }
    guard let number = Double(text), range.contains(number) else {
      throw Self.notNumber(key, range)
    }
    return number
  }

  func flag(_ key: String) throws(OpenAIError) -> Bool? {
    switch value(key)?.lowercased() {
    case nil: return nil
    case "true", "1": return true
    case "false", "0": return false
    default: throw Self.notFlag(key)
    }
  }
}
