internal import Chat
internal import HTTP
internal import Images
internal import Observability
internal import Resilience

/// Tells the keys of providers apart without showing them: a breaker's pause for a rejected key ends
/// where there is another one, and gateways that share breakers may have different keys.
struct ProviderCredentials: Sendable {
  private let digests: [BreakerKey.Kind: [String: String]]

  init(_ catalog: ImageCatalog, _ upstreams: [ChatUpstream]) {
    let images = catalog.providers.map { ($0.name, Self.digest([$0.apiKey?.reveal()])) }
    let chats = upstreams.map { upstream in
      // A key may stand in a header of its own, as Azure's does.
      var headers: [String?] = []
      upstream.headers.forEach { headers.append("\($0.name): \($0.value)") }
      return (upstream.name, Self.digest([upstream.apiKey?.reveal()] + headers))
    }
    digests = [
      .image: Dictionary(images, uniquingKeysWith: { first, _ in first }),
      .chat: Dictionary(chats, uniquingKeysWith: { first, _ in first }),
    ]
  }

  /// The digest of a breaker's key, or of there being none; empty for who is not configured.
  subscript(key: BreakerKey) -> String { digests[key.kind]?[key.provider] ?? "" }

  /// So many bytes as tell keys apart, and too few to tell by them whether a key was guessed right.
  private static let length = 4

  private static func digest(_ parts: [String?]) -> String {
    // Where there is a key, its digest is what it was when only keys were looked at.
    let text = (["easel"] + parts.map { $0 ?? "" }).joined(separator: "\n")
    return Digest.hex(Array(Digest.sha256(Array(text.utf8)).prefix(length)))
  }
}
