internal import HTTP

/// Tells whether two requests for pictures are the same one, sent again.
package enum RequestFingerprint {
  /// - Parameters:
  ///   - scope: whose request it is.
  ///   - body: as it came. Of a form only what its parts say counts: an SDK that sends it again draws
  ///     another boundary.
  /// - Returns: hexadecimal digits of a SHA-256.
  package static func make(
    path: String, scope: String, body: [UInt8], contentType: String?
  ) -> String {
    let parts = parts(of: body, contentType) ?? [body]
    let digests = ([Array(path.utf8), Array(scope.utf8)] + parts).map(Digest.sha256)
    return Digest.hex(Digest.sha256(digests.flatMap(\.self)))
  }

  /// The heads and bodies of a form's parts; nil for what is no form that can be read.
  private static func parts(of body: [UInt8], _ contentType: String?) -> [[UInt8]]? {
    guard let contentType, contentType.lowercased().hasPrefix("multipart/"),
      let parts = try? MultipartParser.parse(body: body, contentType: contentType)
    else { return nil }
    return parts.flatMap { part -> [[UInt8]] in
      let head = [part.name, part.fileName ?? "", part.contentType ?? ""]
      return [Array(head.joined(separator: "\u{0}").utf8), Array(part.bytes)]
    }
  }
}
