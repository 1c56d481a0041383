/// Writes a `multipart/form-data` body (RFC 7578).
package struct MultipartForm: Sendable {
  private let boundary: String
  private var bytes: [UInt8] = []

  /// An empty form, under a boundary of 128 random bits: no content can hold it but by intent, and
  /// nobody who chooses content can guess it.
  package init() {
    var generator = SystemRandomNumberGenerator()
    let digits = (0..<2).map { _ in String(generator.next(), radix: 36) }
    boundary = "easel-" + digits.joined()
  }

  /// What `content-type` says of it.
  package var contentType: String { "multipart/form-data; boundary=\(boundary)" }

  /// Adds a field of text.
  package mutating func append(_ name: String, _ value: String) {
    begin(name, "")
    bytes.append(contentsOf: value.utf8)
    bytes.append(contentsOf: "\r\n".utf8)
  }

  /// Adds a file.
  package mutating func append(
    _ name: String, file: [UInt8], name fileName: String, contentType: String
  ) {
    begin(name, "; filename=\"\(Self.quoted(fileName))\"\r\nContent-Type: \(contentType)")
    bytes.append(contentsOf: file)
    bytes.append(contentsOf: "\r\n".utf8)
  }

  /// The whole body.
  package func finished() -> [UInt8] { bytes + Array("--\(boundary)--\r\n".utf8) }

  private mutating func begin(_ name: String, _ rest: String) {
    bytes.append(
      contentsOf:
        "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(Self.quoted(name))\"\(rest)\r\n\r\n"
        .utf8)
  }

  /// Browsers' escapes for a name, which RFC 7578 leaves open (WHATWG HTML, form submission).
  private static func quoted(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "%22"
      case "\r": result += "%0D"
      case "\n": result += "%0A"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
