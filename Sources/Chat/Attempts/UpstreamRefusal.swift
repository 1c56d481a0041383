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
  package init?(hiddenIn answer: ClientAnswer) {
    // Looked for where it stands in such a body, so that an answer costs a short search. Some servers
    // send blanks for as long as they think.
    let text = answer.body.drop { $0 == 0x20 || (0x09...0x0D).contains($0) }
    guard answer.head.status < 400, text.prefix(Self.reach).contains("\"error\""),
      let object = answer.json, object["choices"] == nil,
      let error = object["error"], error.kind == .object || error.kind == .string
    else { return nil }
    self.init(answer, AttemptFailure(error: error))
  }

  /// Whether an answer could be one of those, or a page, or nothing: by what has come of it.
  /// - Returns: nil: that tells the rest.
  package static func isPossible(in begin: [UInt8]) -> Bool? {
    let text = begin.withoutByteOrderMark.drop { $0 == 0x20 || (0x09...0x0D).contains($0) }
    guard let first = text.first, begin != [0xEF], begin != [0xEF, 0xBB] else { return nil }
    if first == UInt8(ascii: "<") { return true }
    guard first == UInt8(ascii: "{") else { return false }
    let isError = text.prefix(reach).contains("\"error\"")
    return isError || text.count >= reach ? isError : nil
  }

  /// Bytes within which an error object says that it is one.
  private static let reach = 64

  /// An answer that is not what it should be, such as a page of HTML.
  package static func malformed(_ answer: ClientAnswer) -> UpstreamRefusal {
    var failure = AttemptFailure(.broken)
    failure.isWhole = true
    return UpstreamRefusal(answer, failure)
  }

  /// Whether an answer that says that all is well has nothing in it, or a page of HTML.
  package static func isNothing(_ answer: ClientAnswer) -> Bool {
    guard (200..<300).contains(answer.head.status), answer.head.status != 204,
      !answer.head.headers.contains("content-encoding")
    else { return false }
    let first = answer.body.withoutByteOrderMark.first { $0 != 0x20 && !(0x09...0x0D).contains($0) }
    return first == nil || first == UInt8(ascii: "<")
  }
}
