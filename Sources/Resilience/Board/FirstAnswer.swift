internal import Synchronization

/// A place for one answer, which several may try to give and one waits for: the first counts.
package final class FirstAnswer<Value: Sendable>: Sendable {
  private enum State {
    case empty
    case awaited(CheckedContinuation<Value, Never>)
    case given(Value)
  }

  private let state = Mutex(State.empty)

  /// A place that is empty.
  package init() {}

  /// What `body` gives, or nil once it takes too long: then it is cancelled, and not waited for.
  package static func of(
    within limit: Duration, _ body: @escaping @Sendable () async -> Value
  ) async -> Value? {
    let answer = FirstAnswer<Value?>()
    let asking = Task { answer.give(await body()) }
    let timer = Task {
      try? await Task.sleep(for: limit)
      answer.give(nil)
    }
    defer {
      asking.cancel()
      timer.cancel()
    }
    return await answer.value
  }

  /// Gives an answer.
  /// - Returns: whether it was the first.
  @discardableResult
  package func give(_ value: Value) -> Bool {
    let (isFirst, waiter) = state.withLock { state in
      switch state {
      case .empty:
        state = .given(value)
        return (true, nil as CheckedContinuation<Value, Never>?)
      case .awaited(let waiter):
        state = .given(value)
        return (true, waiter)
      case .given: return (false, nil)
      }
    }
    waiter?.resume(returning: value)
    return isFirst
  }

  /// The first answer. Asked for once.
  package var value: Value {
    get async {
      await withCheckedContinuation { waiter in
        let given = state.withLock { state -> Value? in
          if case .given(let value) = state { return value }
          state = .awaited(waiter)
          return nil
        }
        if let given { waiter.resume(returning: given) }
      }
    }
  }
}
