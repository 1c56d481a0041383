internal import Synchronization

/// Counts what never becomes an exchange. Shared by all loops: each of it happens once a connection,
/// not once a request.
package final class ServerStatistics: Sendable {
  private let open = Atomic<Int>(0)
  private let refused = Atomic<Int>(0)
  private let unreadable = Atomic<Int>(0)

  /// Counts of zero.
  package init() {}

  /// Connections that are open now.
  package var openConnections: Int { open.load(ordering: .relaxed) }
  /// Connections that were refused, since as many as may be were open.
  package var refusedConnections: Int { refused.load(ordering: .relaxed) }
  /// Requests whose head was malformed, too long or too slow: they are answered, but have no route.
  package var unreadableRequests: Int { unreadable.load(ordering: .relaxed) }

  func didOpen() { open.add(1, ordering: .relaxed) }
  func didClose() { open.subtract(1, ordering: .relaxed) }
  func didRefuseConnection() { refused.add(1, ordering: .relaxed) }
  func didRefuseRequest() { unreadable.add(1, ordering: .relaxed) }
}
