/// The listeners and signal watches of a loop, so that its end can close them. Loop-bound.
final class WatchRegistry {
  private var closers: [ObjectIdentifier: () -> Void] = [:]

  /// Remembers an owner of a handle until `remove`.
  func add(_ owner: AnyObject, close: @escaping () -> Void) {
    closers[ObjectIdentifier(owner)] = close
  }

  func remove(_ owner: AnyObject) { closers[ObjectIdentifier(owner)] = nil }

  func closeAll() {
    for close in closers.values { close() }
  }
}
