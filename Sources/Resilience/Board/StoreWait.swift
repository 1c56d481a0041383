package import State
internal import Synchronization

/// What one request may wait for the store that gateways share: for all answers together no longer than
/// for two, and once one has come too late, for no further one, so that what it asks for does not add
/// up. What it asked for is done all the same, as soon as the store does it.
package final class StoreWait: Sendable {
  /// That of the request which runs; nil where none does.
  @TaskLocal package static var current: StoreWait?

  private let isOver = Atomic(false)
  /// What it has waited, in nanoseconds.
  private let waited = Atomic(0)

  /// That of a request which has not waited yet.
  package init() {}

  /// Whether the request waits for no further answer.
  package static var isOver: Bool { current?.isOver.load(ordering: .relaxed) ?? false }

  /// Notes that it has waited once more.
  private func wait(took duration: Duration, isTooLate: Bool, within limit: Duration) {
    let (_, all) = waited.add(Int(duration / .nanoseconds(1)), ordering: .relaxed)
    if isTooLate || .nanoseconds(all) >= limit * 2 { isOver.store(true, ordering: .relaxed) }
  }

  /// What is left to be waited, where one answer is waited for as long as `limit`.
  private func rest(of limit: Duration) -> Duration {
    min(limit, limit * 2 - .nanoseconds(waited.load(ordering: .relaxed)))
  }

  /// What `body` gets from a store, if it comes in time.
  /// - Parameters:
  ///   - limit: how long a request waits for one answer.
  ///   - late: gets what came too late.
  /// - Returns: nil where it came too late, or was not waited for.
  package static func answer<Value: Sendable>(
    from store: any StateStore, within limit: Duration,
    late: @escaping @Sendable (Value) async -> Void = { _ in },
    _ body: @escaping @Sendable () async -> Value
  ) async -> Value? {
    guard !isOver else {
      Task { await late(await body()) }
      return nil
    }
    let answer = FirstAnswer<Value?>()
    Task {
      let value = await body()
      if !answer.give(value) { await late(value) }
    }
    let started = ContinuousClock.now
    let patience = current?.rest(of: limit) ?? limit
    let timer = Task {
      try? await Task.sleep(for: patience)
      answer.give(nil)
    }
    defer { timer.cancel() }
    let value = await answer.value
    let duration = .now - started
    store.statistics.waited(for: duration)
    current?.wait(took: duration, isTooLate: value == nil, within: limit)
    return value
  }
}
