internal import Images
internal import State

/// Pictures that wait for a user's yes, at whichever gateway of a state store the yes arrives. A store
/// that is away leaves them to the gateway that has proposed them.
final class SharedProposals: Sendable {
  private let local: Proposals
  private let store: BriefStore
  private let lifetime: Duration

  /// Bytes of pictures that are to be changed: with more of them a request is larger than a store's
  /// value may be, and stays with its gateway.
  private static let mostPictures = 700_000

  /// - Parameter lifetime: of each proposal.
  init(_ store: BriefStore, lifetime: Duration = .seconds(3600)) {
    self.store = store
    self.lifetime = lifetime
    local = Proposals(lifetime: lifetime)
  }

  /// A digest: the scope is a client's credential, and the id is as good as the picture.
  private static func key(_ id: String, _ scope: String) -> StateKey {
    let text = "\(scope)\u{0}\(id)"
    return StateKey(
      group: "proposal:\(Digest.hex(Digest.sha256(Array(text.utf8))))", name: "request")
  }

  /// Keeps a request.
  /// - Parameter scope: whose it is; nobody else can have it drawn.
  /// - Returns: an id that nobody can guess.
  func add(_ request: ImageRequest, scope: String) async -> String {
    let id = local.add(request, scope: scope)
    if request.inputBytes <= Self.mostPictures {
      let (key, json) = (Self.key(id, scope), request.json)
      // Waited for, so that it is found wherever the yes arrives.
      await store.tell { [lifetime] store throws(StateError) in
        try await store.put(key, json, lifetime: lifetime)
      }
    }
    return id
  }

  /// The request of an id; nil where there is none of this scope, or no longer.
  func request(_ id: String, scope: String) async -> ImageRequest? {
    if let known = local.request(id, scope: scope) { return known }
    let key = Self.key(id, scope)
    let value = await store.ask { store throws(StateError) in try await store.get(key) }
    return value?.flatMap { ImageRequest(json: $0.value) }
  }
}
