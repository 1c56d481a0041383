internal import HTTP
internal import OpenAIWire

/// The parameters and files of a request to OpenAI's images API, be it JSON or a form.
struct ImagesFields {
  private enum Value {
    case json(JSONSlice)
    case text(String)
  }

  private var values: [String: Value] = [:]
  /// Files of a form, in order.
  private(set) var files: [(name: String, bytes: [UInt8])] = []

  init(json body: [UInt8]) throws(OpenAIError) {
    guard let object = try? JSONSlice.parse(body), object.kind == .object else {
      throw .invalidRequest("We could not parse the JSON body of your request.")
    }
    for member in object.members { values[member.key] = .json(member.value) }
  }

  init(form body: [UInt8], contentType: String) throws(OpenAIError) {
    let parts: [MultipartParser.Part]
    do throws(HTTPParseError) {
      parts = try MultipartParser.parse(body: body, contentType: contentType)
    } catch {
      throw .invalidRequest("Could not parse multipart form: \(error.message)")
    }
    for part in parts {
      if part.fileName != nil {
        files.append((part.name, Array(part.bytes)))
      } else if let text = part.text, values.updateValue(.text(text), forKey: part.name) == nil {
        continue
      } else {
        throw .invalidRequest("Duplicate or malformed parameter: '\(part.name)'.", param: part.name)
      }
    }
  }

  /// - Throws: what the API answers to a parameter that it does not know.
  func allowOnly(_ known: [String], files knownFiles: [String]) throws(OpenAIError) {
    let unknown =
      values.keys.filter { !known.contains($0) }.min()
      ?? files.map(\.name).first { !knownFiles.contains($0) }
    guard let unknown else { return }
    throw .invalidRequest(
      "Unknown parameter: '\(unknown)'.", param: unknown, code: "unknown_parameter")
  }

  func text(_ name: String) throws(OpenAIError) -> String? {
    switch values[name] {
    case .none: return nil
    case .text(let text): return text
    case .json(let slice):
      guard let text = slice.string else { throw Self.wrongType(name, "a string") }
      return text
    }
  }

  func text(_ name: String, of allowed: [String]) throws(OpenAIError) -> String? {
    guard let text = try text(name) else { return nil }
    guard allowed.contains(text) else {
      throw .invalidRequest(
        "Invalid value: '\(text)'. Supported values are: "
          + allowed.map { "'\($0)'" }.joined(separator: ", ") + ".",
        param: name, code: "invalid_value")
    }
    return text
  }

  func int(_ name: String, in range: ClosedRange<Int>) throws(OpenAIError) -> Int? {
    let number: Int?
    switch values[name] {
    case .none: return nil
    case .text(let text): number = Int(text)
    case .json(let slice): number = slice.int
    }
    guard let number else { throw Self.wrongType(name, "an integer") }
    guard range.contains(number) else {
      throw .invalidRequest("Invalid '\(name)': integer out of range.", param: name)
    }
    return number
  }

  func bool(_ name: String) throws(OpenAIError) -> Bool? {
    switch values[name] {
    case .none: return nil
    case .text("true"): return true
    case .text("false"): return false
    case .text: throw Self.wrongType(name, "a boolean")
    case .json(let slice):
      guard let flag = slice.bool else { throw Self.wrongType(name, "a boolean") }
      return flag
    }
  }

  private static func wrongType(_ name: String, _ wanted: String) -> OpenAIError {
    .invalidRequest(
      "Invalid type for '\(name)': expected \(wanted).", param: name, code: "invalid_type")
  }
}
