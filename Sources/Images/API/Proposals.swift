internal import Synchronization

/// Pictures that wait for a user's yes, for an hour. Shared by all loops.
package final class Proposals: Sendable {
  private struct State {
    var requests: [String: (request: ImageRequest, scope: String, expires: ContinuousClock.Instant)]
    var order: [String] = []
    var bytes = 0
  }

  private let state = Mutex(State(requests: [:]))
  private let capacity: Int
  private let byteCapacity: Int
  private let lifetime: Duration

  /// - Parameters:
  ///   - capacity: proposals; the oldest make room.
  ///   - byteCapacity: bytes of pictures that are to be changed; the oldest make room.
  ///   - lifetime: of each.
  package init(
    capacity: Int = 10_000, byteCapacity: Int = 256 << 20, lifetime: Duration = .seconds(3600)
  ) {
    self.capacity = capacity
    self.byteCapacity = byteCapacity
    self.lifetime = lifetime
  }

  /// Keeps a request.
  /// - Parameter scope: whose it is; nobody else can have it drawn.
  /// - Returns: an id that nobody can guess.
  package func add(_ request: ImageRequest, scope: String) -> String {
    let id = UnguessableID.make("prop_")
    let expires = ContinuousClock.now + lifetime
    state.withLock { state in
      state.requests[id] = (request, scope, expires)
      state.order.append(id)
      state.bytes += request.inputBytes
      while state.order.count > capacity || (state.bytes > byteCapacity && state.order.count > 1) {
        let oldest = state.requests.removeValue(forKey: state.order.removeFirst())
        state.bytes -= oldest?.request.inputBytes ?? 0
      }
    }
    return id
  }

  /// The request of an id; nil where there is none of this scope, or no longer.
  package func request(_ id: String, scope: String) -> ImageRequest? {
    state.withLock { state in
      guard let entry = state.requests[id], entry.scope == scope, entry.expires > .now else {
        return nil
      }
      return entry.request
    }
  }
}
