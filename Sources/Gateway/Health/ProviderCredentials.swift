internal import Chat
internal import Images
internal import Observability
internal import Resilience

/// Tells the keys of providers apart without showing them: a breaker's pause for a rejected key ends
/// where there is another one, and gateways that share breakers may have different keys.
struct ProviderCredentials: Sendable {
  private let digests: [BreakerKey.Kind: [String: String]]

  init(_ catalog: ImageCatalog, _ upstreams: [ChatUpstream]) {
    let images = catalog.providers.map { ($0.name, Self.digest($0.apiKey)) }
    let chats = upstreams.map { ($0.name, Self.digest($0.apiKey)) }
    digests = [
      .image: Dictionary(images, uniquingKeysWith: { first, _ in first }),
      .chat: Dictionary(chats, uniquingKeysWith: { first, _ in first }),
    ]
  }

  /// The digest of a breaker's key; empty where there is no key.
  subscript(key: BreakerKey) -> String { digests[key.kind]?[key.provider] ?? "" }

  /// So many bytes as tell keys apart, and too few to tell by them whether a key was guessed right.
  private static let length = 4

  private static func digest(_ key: Secret?) -> String {
    guard let key else { return "" }
    return Digest.hex(Array(Digest.sha256(Array("easel\n\(key.reveal())".utf8)).prefix(length)))
  }
}
