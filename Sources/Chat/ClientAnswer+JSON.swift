package import HTTP
package import OpenAIWire

extension ClientAnswer {
  /// Its body, where it is JSON.
  package var json: JSONSlice? { try? JSONSlice.parse(text) }

  /// Whether it is JSON that breaks off, as far as its end tells nothing: where an answer ends with its
  /// connection, only the JSON itself tells whether it is whole.
  package var isCut: Bool {
    head.contentLength == nil && !head.headers.contains("transfer-encoding")
      && !head.headers.contains("content-encoding") && !body.isEmpty && head.isJSON == true
      && (try? JSONScanner.validate(text)) == nil
  }

  /// Its body without the mark of the byte order that some servers begin with. SDKs pass over it
  /// (RFC 8259, section 8.1).
  private var text: [UInt8] {
    body.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(body[3...]) : body
  }
}
