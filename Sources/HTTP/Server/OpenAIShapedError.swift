/// The body of an answer to a request that HTTP itself refuses. It has the shape that OpenAI's SDKs
/// read, so that even these errors become their exceptions.
enum OpenAIShapedError {
  /// - Parameter message: of this module's own making: plain ASCII without quotes.
  static func body(_ message: String, status: Int) -> [UInt8] {
    let type = status >= 500 ? "server_error" : "invalid_request_error"
    let safe = message.unicodeScalars.map { scalar in
      scalar.value >= 0x20 && scalar.value < 0x7F && scalar != "\"" && scalar != "\\"
        ? Character(scalar) : "?"
    }
    return Array(
      "{\"error\":{\"message\":\"\(String(safe))\",\"type\":\"\(type)\",\"param\":null,\"code\":null}}"
        .utf8)
  }
}
