internal import OpenAIWire

/// What is common to Google's APIs: errors, keys, and the refusal of unknown fields
/// (cloud.google.com/apis/design/errors).
enum GoogleRules {
  /// An answer other than 200.
  struct GoogleError: Error {
    let status: Int
    let code: String
    let message: String
    var reason: String?

    static func invalid(_ message: String) -> GoogleError {
      GoogleError(status: 400, code: "INVALID_ARGUMENT", message: message)
    }

    var body: [UInt8] {
      JSONWriter.object { writer in
        writer.key("error")
        writer.beginObject()
        writer.member("code", status)
        writer.member("message", message)
        writer.member("status", code)
        if let reason {
          writer.key("details")
          writer.beginArray()
          writer.beginObject()
          writer.member("@type", "type.googleapis.com/google.rpc.ErrorInfo")
          writer.member("reason", reason)
          writer.member("domain", "googleapis.com")
          writer.endObject()
          writer.endArray()
        }
        writer.endObject()
      }
    }
  }

  /// The Gemini API's key is in a header of its own, Vertex's is a token; a wrong key is a 400 at
  /// the one, and a 401 at the other.
  static func checkKey(_ call: SimulatedCall, isVertex: Bool) throws(GoogleError) {
    if isVertex {
      let token = call.request.authorization ?? ""
      guard token.hasPrefix("Bearer "), token != "Bearer bad-key" else {
        throw GoogleError(
          status: 401, code: "UNAUTHENTICATED",
          message: "Request had invalid authentication credentials. Expected OAuth 2 access token.",
          reason: "ACCESS_TOKEN_TYPE_UNSUPPORTED")
      }
      return
    }
    guard let key = call.request.header("x-goog-api-key") else {
      throw GoogleError(
        status: 403, code: "PERMISSION_DENIED",
        message: "Method doesn't allow unregistered callers (callers without established identity)."
      )
    }
    guard key != "bad-key" else {
      throw GoogleError(
        status: 400, code: "INVALID_ARGUMENT",
        message: "API key not valid. Please pass a valid API key.", reason: "API_KEY_INVALID")
    }
  }

  static func allowOnly(
    _ known: [String], in object: JSONSlice?, at place: String
  ) throws(GoogleError) {
    guard let object else { return }
    guard object.kind == .object else {
      throw .invalid("Invalid value at '\(place)': expected an object.")
    }
    for member in object.members where !known.contains(member.key) {
      throw .invalid(
        "Invalid JSON payload received. Unknown name \"\(member.key)\" at '\(place)': Cannot find "
          + "field.")
    }
  }

  static func text(
    _ name: String, in object: JSONSlice?, of allowed: [String]
  ) throws(GoogleError) -> String? {
    guard let value = object?[name] else { return nil }
    guard let text = value.string, allowed.contains(text) else {
      throw .invalid(
        "Invalid value at '\(name)': must be one of \(allowed.joined(separator: ", ")).")
    }
    return text
  }

  /// The model and the method of a path such as `/v1beta/models/m:predict`; nil for other paths.
  static func target(_ path: String) -> (model: String, method: String)? {
    guard let start = path.firstRange(of: "models/")?.upperBound else { return nil }
    let parts = path[start...].split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].contains("/") else { return nil }
    return (String(parts[0]), String(parts[1]))
  }

  static func notFound(_ model: String, _ method: String) -> GoogleError {
    GoogleError(
      status: 404, code: "NOT_FOUND",
      message: "models/\(model) is not found for API version v1beta, or is not supported for "
        + "\(method). Call ModelService.ListModels to see the list of available models and their "
        + "supported methods.")
  }

  /// The list of models, each with the method that it has.
  static func list(_ models: [(name: String, method: String)]) -> [UInt8] {
    JSONWriter.object { writer in
      writer.key("models")
      writer.beginArray()
      for model in models {
        writer.beginObject()
        writer.member("name", "models/\(model.name)")
        writer.member("supportedGenerationMethods", raw: Array("[\"\(model.method)\"]".utf8))
        writer.endObject()
      }
      writer.endArray()
    }
  }

  /// Sides of a picture of a shape, of about a million pixels times `scale` squared.
  static func sides(_ ratio: String, scale: Int) -> (width: Int, height: Int) {
    let parts = ratio.split(separator: ":").compactMap { Double($0) }
    guard parts.count == 2, parts[1] > 0 else { return (1024, 1024) }
    let width = (1_048_576 * parts[0] / parts[1]).squareRoot()
    func side(_ value: Double) -> Int { Int(value / 16 + 0.5) * 16 * scale }
    return (side(width), side(1_048_576 / width))
  }
}
