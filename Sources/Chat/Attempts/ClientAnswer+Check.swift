package import HTTP

/// An answer has ended before its JSON did.
package struct AnswerCut: Error {}

extension ClientAnswer {
  /// Checks an answer that has come whole.
  /// - Throws: `AnswerCut`; `UpstreamRefusal`, where it is one whatever its status says.
  package func check() throws {
    if isCut { throw AnswerCut() }
    if let refusal = UpstreamRefusal(hiddenIn: self) { throw refusal }
  }
}
