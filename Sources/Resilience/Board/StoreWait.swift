package import State
internal import Synchronization

/// What one request may wait for the store that gateways share: once an answer has come too late, it
/// waits for no further one, so that what it asks for does not add up. What it asked for is done all the
/// same, as soon as the store does it.
package final class StoreWait: Sendable {
  /// That of the request which runs; nil where none does.
  @TaskLocal package static var current: StoreWait?

  private let isOver = Atomic(false)

  /// That of a request which has not waited yet.
  package init() {}

  /// Whether the request waits for no further answer.
  package static var isOver: Bool { current?.isOver.load(ordering: .relaxed) ?? false }

  /// What `body` gets from a store, if it comes in time.
  /// - Parameters:
  ///   - limit: how long a request waits for it.
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
    let timer = Task {
      try? await Task.sleep(for: limit)
      answer.give(nil)
    }
    defer { timer.cancel() }
    let value = await answer.value
    store.statistics.waited(for: .now - started)
    if value == nil { current?.isOver.store(true, ordering: .relaxed) }
    return value
  }
}
