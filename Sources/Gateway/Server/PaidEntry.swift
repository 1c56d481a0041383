internal import Images
internal import OpenAIWire

/// What gateways tell each other of a request that is paid for.
enum PaidEntry {
  /// One of them draws: `holder` tells which, and is empty where an older version does.
  case drawing(fingerprint: String, holder: String)
  case done(KeptPictures, fingerprint: String)
  /// It failed, and may have been paid for.
  case failed(OpenAIError, fingerprint: String)

  /// Of the request that is drawn.
  var fingerprint: String {
    switch self {
    case .drawing(let fingerprint, _), .done(_, let fingerprint), .failed(_, let fingerprint):
      fingerprint
    }
  }

  /// As a JSON object, for a store.
  var json: [UInt8] {
    JSONWriter.object { writer in
      writer.member("fingerprint", fingerprint)
      switch self {
      case .drawing(_, let holder): writer.member("holder", holder)
      case .done(let kept, _): writer.member("kept", raw: kept.json)
      case .failed(let error, _):
        writer.key("failed")
        writer.beginObject()
        writer.member("status", error.status)
        writer.member("message", error.message)
        writer.member("type", error.type)
        writer.member("code", error.code)
        writer.endObject()
      }
    }
  }

  /// Reads what ``json`` wrote; nil for anything else.
  init?(json: [UInt8]) {
    guard let object = try? JSONSlice.parse(json), let text = object["fingerprint"]?.string else {
      return nil
    }
    if let failed = object["failed"] {
      guard let status = failed["status"]?.int, (400..<600).contains(status),
        let message = failed["message"]?.string, let type = failed["type"]?.string
      else { return nil }
      var error = OpenAIError(
        status: status, message: message, type: type, code: failed["code"]?.string)
      error.shouldRetry = false
      self = .failed(error, fingerprint: text)
      return
    }
    guard let kept = object["kept"] else {
      self = .drawing(fingerprint: text, holder: object["holder"]?.string ?? "")
      return
    }
    guard let pictures = KeptPictures(json: kept) else { return nil }
    self = .done(pictures, fingerprint: text)
  }
}
