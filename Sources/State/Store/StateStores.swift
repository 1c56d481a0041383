package import EventLoop

/// Opens stores by their URLs.
package enum StateStores {
  /// Opens a store; one in Redis connects once it is listened to, so that a server which is away
  /// keeps nobody from starting.
  /// - Parameter loop: where a store in Redis lives.
  /// - Throws: `StateError` that says what is wrong with a file.
  package static func open(
    _ url: StateURL, on loop: EventLoop
  ) async throws(StateError) -> any StateStore {
    switch url {
    case .memory: return MemoryStore()
    case .redis(let url): return try await RedisStore(url, on: loop)
    case .sqlite(let path):
      do {
        return try await loop.run { try await loop.offload { try SQLiteStore(path: path) } }
      } catch let error as StateError {
        throw error
      } catch {
        throw StateError(.unavailable, "the store \(path) cannot be opened")
      }
    }
  }
}
