package import HTTP

extension ClientResponse {
  /// Bytes within which a body says what it is.
  private static let longestBegin = 64 << 10

  /// Whether a body that is not said to be events is to be read as it comes: some servers call everything
  /// plain text. Its beginning tells, which is not taken from the body by this.
  /// - Parameters:
  ///   - attempt: the attempt that it answers.
  ///   - isAwaited: whether its client should see an upstream at work that does not tell for long.
  ///   - look: tells by what has come of the body; nil where it needs more.
  /// - Returns: false where all has come, and has not told; nil where it does not tell within 64 KiB, or
  ///   while its client would wait.
  /// - Throws: `HTTPClientError`.
  package func isStream(
    of attempt: UpstreamAttempt, isAwaited: Bool, by look: ([UInt8]) -> Bool?
  ) async throws(HTTPClientError) -> Bool? {
    var begin: [UInt8] = []
    defer { putBack(begin) }
    while let piece = try await next() {
      begin += piece
      if let isStream = look(begin) { return isStream }
      if begin.count > Self.longestBegin { return nil }
      if isAwaited, attempt.answeringTime > StreamStart.patience { return nil }
    }
    return false
  }
}
