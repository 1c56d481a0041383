package import HTTP
internal import OpenAIWire

/// An answer by which an upstream refuses, on its way to whoever decides what comes of it: another
/// upstream is asked, or the answer is the client's as it is.
package struct UpstreamRefusal: Error {
  let answer: ClientAnswer
  let failure: AttemptFailure

  init(_ answer: ClientAnswer, _ failure: AttemptFailure) {
    self.answer = answer
    self.failure = failure
  }

  /// An answer whose status says that all is well, and whose body says that nothing is: an error
  /// object, as some servers send it.
  /// - Returns: nil for any other answer.
  init?(hiddenIn answer: ClientAnswer) {
    // Looked for where it stands in such a body, so that an answer costs a short search.
    guard answer.head.status < 400, answer.body.text.prefix(Self.reach).contains("\"error\""),
      let object = answer.json, object["choices"] == nil,
      let error = object["error"], error.kind == .object || error.kind == .string
    else { return nil }
    self.init(answer, AttemptFailure(error: error))
  }

  /// Whether an answer could be one of those, or a page, or nothing: by what has come of it.
  /// - Returns: nil: that tells the rest.
  package static func isPossible(_ head: ResponseHead, begin: [UInt8]) -> Bool? {
    let text = begin.text
    guard let first = text.first, !begin.isPartOfByteOrderMark else { return nil }
    if first == UInt8(ascii: "<") { return text.count > 1 ? isPage(text, head) : nil }
    guard first == UInt8(ascii: "{") else { return false }
    let isError = text.prefix(reach).contains("\"error\"")
    return isError || text.count >= reach ? isError : nil
  }

  /// Bytes within which an error object says that it is one.
  private static let reach = 64

  /// An answer that is not what it should be, such as a page of HTML. One that has nothing in it, and
  /// ends with its connection, may have broken off before its first byte.
  package static func malformed(_ answer: ClientAnswer) -> UpstreamRefusal {
    var failure = AttemptFailure(.broken)
    failure.isWhole = !(answer.endsWithConnection && answer.body.text.isEmpty)
    return UpstreamRefusal(answer, failure)
  }

  /// Whether an answer that says that all is well has nothing in it, or a page of HTML.
  package static func isNothing(_ answer: ClientAnswer) -> Bool {
    guard (200..<300).contains(answer.head.status), answer.head.status != 204,
      !answer.head.headers.contains("content-encoding")
    else { return false }
    let text = answer.body.text
    return text.isEmpty || isPage(text, answer.head)
  }

  /// Whether a text is a page of HTML, as servers before an upstream send it. What is called plain text
  /// may be words, which begin with a tag of another kind where a model thinks aloud.
  private static func isPage(_ text: ArraySlice<UInt8>, _ head: ResponseHead) -> Bool {
    guard text.first == UInt8(ascii: "<") else { return false }
    let isPlain = head.headers.value("content-type", hasPrefix: "text/plain")
    return !isPlain || text.dropFirst().first.map { "!?hH".utf8.contains($0) } ?? false
  }
}
