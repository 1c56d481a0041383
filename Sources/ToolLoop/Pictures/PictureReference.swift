/// A picture of a conversation: where it is, never its bytes.
package struct PictureReference: Sendable {
  /// Where a picture is.
  package enum Source: Sendable {
    /// In the gateway's store: its id.
    case stored(String)
    /// At a URL that the client has sent.
    case remote(String)
    /// In the request's body.
    case inline(InlinePicture)
  }

  /// Its place among the conversation's pictures, from 1.
  package let number: Int
  package let source: Source

  /// `image_1`.
  package var name: String { "image_\(number)" }

  /// Whether the gateway would get it from there: a picture without TLS could be anyone's.
  var isWithinReach: Bool {
    if case .remote(let url) = source { return url.prefix(8).lowercased() == "https://" }
    return true
  }

  /// For a model to tell it from the others.
  var description: String {
    switch source {
    case .stored(let id): "\(name) (\(id))"
    case .remote(let url): "\(name) (\(url.prefix(100))\(url.utf8.count > 100 ? "…" : ""))"
    case .inline: "\(name) (attached by the user)"
    }
  }

  /// Whether another mention means this very picture.
  func isSame(as other: Source) -> Bool {
    switch (source, other) {
    case (.stored(let left), .stored(let right)): left == right
    case (.remote(let left), .remote(let right)): left == right
    default: false
    }
  }
}
