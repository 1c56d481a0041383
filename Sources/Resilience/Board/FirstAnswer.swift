internal import Synchronization

/// A place for one answer, which several may try to give and one waits for: the first counts.
final class FirstAnswer<Value: Sendable>: Sendable {
  private enum State {
    case empty
    case awaited(CheckedContinuation<Value, Never>)
    case given(Value)
  }

  private let state = Mutex(State.empty)

  /// Gives an answer.
  /// - Returns: whether it was the first.
  @discardableResult
  func give(_ value: Value) -> Bool {
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
  var value: Value {
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
