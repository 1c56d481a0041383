/// Tells whether two requests for pictures are the same one, sent again.
package enum RequestFingerprint {
  /// - Parameters:
  ///   - scope: whose request it is.
  ///   - body: as it came.
  /// - Returns: hexadecimal digits of a SHA-256.
  package static func make(path: String, scope: String, body: [UInt8]) -> String {
    let digests = [Array(path.utf8), Array(scope.utf8), body].map(Digest.sha256)
    return Digest.sha256(digests.flatMap(\.self)).map { byte in
      let text = String(byte, radix: 16)
      return byte < 16 ? "0" + text : text
    }.joined()
  }
}
