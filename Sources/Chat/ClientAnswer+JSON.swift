package import HTTP
package import OpenAIWire

extension ClientAnswer {
  /// Its body, where it is JSON.
  package var json: JSONSlice? { try? JSONSlice.parse(body.withoutByteOrderMark) }

  /// Whether it is JSON that breaks off, as far as its end tells nothing: where an answer ends with its
  /// connection, only the JSON itself tells whether it is whole.
  var isCut: Bool {
    guard head.contentLength == nil, !head.headers.contains("transfer-encoding"),
      !head.headers.contains("content-encoding"), !body.isEmpty, head.isJSON == true
    else { return false }
    if body.isPartOfByteOrderMark { return true }
    let text = body.withoutByteOrderMark
    do throws(JSONError) {
      try JSONScanner.validate(text)
      return false
    } catch {
      return error.offset == text.count
    }
  }
}
