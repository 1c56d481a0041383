internal import Images
internal import OpenAIWire
internal import State
internal import Synchronization

/// A gateway's word in a store that it draws a request. It is renewed and taken back as long as it is
/// this gateway's: what another one has written meanwhile, such as that the request is done, stays.
final class PaidClaim: Sendable {
  /// How long the word is believed, unless it is said again: past it, a gateway that was killed keeps
  /// nobody from drawing.
  static let lifetime = Duration.seconds(15)

  let key: StateKey
  /// Tells this gateway's word from another's for the same request.
  private let holder = String(UInt64.random(in: 0 ... .max), radix: 16)
  private let fingerprint: String
  /// Whether nothing is to be claimed any more, by a writing that has been slow either.
  private let isOver = Atomic(false)

  init(_ key: StateKey, fingerprint: String) {
    self.key = key
    self.fingerprint = fingerprint
  }

  /// What the store is told.
  var json: [UInt8] { PaidEntry.drawing(fingerprint: fingerprint, holder: holder).json }

  /// Whether a value of the store is this word.
  func isOwn(_ value: StoredValue) -> Bool {
    guard case .drawing(_, holder)? = PaidEntry(json: value.value) else { return false }
    return true
  }

  /// Says it in place of whatever is there.
  func take(in store: any StateStore) async throws(StateError) {
    try await say(in: store, for: Self.lifetime) { _ in true }
  }

  /// Says it again, unless another gateway has written meanwhile.
  func renew(in store: any StateStore) async throws(StateError) {
    try await say(in: store, for: Self.lifetime) { $0.map(isOwn) ?? true }
  }

  /// Says, before the end is told, that nothing more is to be claimed.
  func end() { isOver.store(true, ordering: .relaxed) }

  /// Takes it back, after its end.
  func withdraw(in store: any StateStore) async throws(StateError) {
    // There is no conditional removal: a word of a millisecond is one.
    try await say(in: store, for: .milliseconds(1), afterEnd: true) { $0.map(isOwn) ?? false }
  }

  /// Tells, after its end, that it failed and may have been paid for.
  func fail(_ error: OpenAIError, in store: any StateStore) async throws(StateError) {
    try await end(with: PaidEntry.failed(error, fingerprint: fingerprint).json, in: store)
  }

  /// Tells, after its end, what it came to, without a picture. It stays what another gateway has said.
  func end(with word: [UInt8], in store: any StateStore) async throws(StateError) {
    try await say(
      word, in: store, for: PaidRequests.failureLifetime, afterEnd: true
    ) { $0.map(isOwn) ?? true }
  }

  /// How often it is tried where others write at the same time.
  private static let tries = 3

  private func say(
    _ word: [UInt8]? = nil, in store: any StateStore, for lifetime: Duration,
    afterEnd: Bool = false, where mayReplace: (StoredValue?) -> Bool
  ) async throws(StateError) {
    var current = try await store.get(key)
    for _ in 0..<Self.tries {
      guard mayReplace(current), afterEnd || !isOver.load(ordering: .relaxed) else { return }
      let result = try await store.compareAndSet(
        key, revision: current?.revision ?? 0, to: word ?? json, lifetime: lifetime,
        announced: false)
      guard case .conflict(let other) = result else { return }
      current = other
    }
  }
}
