internal import Resilience
internal import State
internal import Synchronization

/// A store that gateways share, as requests ask it: for some milliseconds at most, and not at all
/// while it is away. Whoever asks goes on by itself then.
final class BriefStore: Sendable {
  private let store: any StateStore
  /// How long a request waits for it.
  private let limit: Duration
  /// Until when a store that did not answer in time is left alone.
  private let restsUntil = Mutex(ContinuousClock.now)

  private static let rest = Duration.seconds(1)

  /// - Parameter limit: how long a request waits for the store.
  init(_ store: any StateStore, limit: Duration) {
    self.store = store
    self.limit = limit
  }

  /// Asks the store. What it did not answer in time it may do all the same.
  /// - Parameter isAgain: whether the request waits for what it asks about anyway, such as what another
  ///   gateway draws. Then an answer that comes too late does not keep it from asking again.
  /// - Returns: nil where it is away, or takes too long.
  func ask<Value: Sendable>(
    isAgain: Bool = false,
    _ body: @escaping @Sendable (any StateStore) async throws(StateError) -> Value
  ) async -> Value? {
    guard !isAgain else {
      return await StoreWait.$current.withValue(StoreWait()) { await ask(body) }
    }
    guard store.isAvailable, !StoreWait.isOver, restsUntil.withLock({ $0 <= .now }) else {
      return nil
    }
    let answer = await StoreWait.answer(from: store, within: limit) {
      [store] () -> Result<Value, StateError> in
      do throws(StateError) { return .success(try await body(store)) } catch {
        return .failure(error)
      }
    }
    if answer == nil { restsUntil.withLock { $0 = .now + Self.rest } }
    return try? answer?.get()
  }

  /// Tells the store what matters beyond the request, such as that it is paid for: also one that has
  /// been slow, and to the end, though the request waits for it no longer than for other answers.
  func tell(
    _ body: @escaping @Sendable (any StateStore) async throws(StateError) -> Void
  ) async {
    guard store.isAvailable else { return }
    _ = await StoreWait.answer(from: store, within: limit) { [store] in try? await body(store) }
  }
}
