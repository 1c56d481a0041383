internal import Observability

/// Asks the sentinels, one after the other, who the master is. Loop-bound.
/// https://redis.io/docs/latest/develop/reference/sentinel-clients/
final class SentinelDirectory {
  private let opener: RedisOpener
  /// The one that answered last is asked first, over the same connection.
  private var preferred = 0
  private var connection: RedisConnection?
  private var isClosed = false

  init(_ opener: RedisOpener) { self.opener = opener }

  /// The master's address.
  /// - Throws: `StateError` of the last sentinel, where none knows it.
  func master() async throws(StateError) -> RedisURL.Host {
    let hosts = opener.url.hosts
    var last = StateError(.unavailable, "no sentinel is named")
    for _ in hosts.indices {
      let host = hosts[preferred % hosts.count]
      do throws(StateError) { return try await ask(host) } catch {
        last = error
        next()
      }
    }
    throw last
  }

  /// Has another sentinel asked the next time: what this one says is out of date.
  func next() {
    preferred = (preferred + 1) % max(1, opener.url.hosts.count)
    connection?.close()
    connection = nil
  }

  func close() {
    isClosed = true
    connection?.close()
    connection = nil
  }

  private func ask(_ host: RedisURL.Host) async throws(StateError) -> RedisURL.Host {
    let connection = try await connect(host)
    let reply = try await connection.call(
      "SENTINEL", "get-master-addr-by-name", opener.url.master)
    if case .error(let text) = reply {
      throw StateError(.unavailable, "the sentinel \(host): \(RedisFault(text).error)")
    }
    guard let parts = reply.elements, parts.count == 2, let name = parts[0].text, !name.isEmpty,
      let port = parts[1].integer, (1...65535).contains(port)
    else {
      throw StateError(.unavailable, "\(host) knows no master '\(opener.url.master)'")
    }
    return RedisURL.Host(name: name, port: Int(port))
  }

  private func connect(_ host: RedisURL.Host) async throws(StateError) -> RedisConnection {
    if let connection, connection.closed == nil { return connection }
    let new = try await opener.open(host)
    if let password = opener.url.sentinelPassword {
      let user = opener.url.sentinelUser.map { [Array($0.utf8)] } ?? []
      let reply = try await new.call(
        [Array("AUTH".utf8)] + user + [Array(password.reveal().utf8)])
      if case .error = reply {
        new.close()
        throw StateError(.unavailable, "the sentinel \(host) does not take the password")
      }
    }
    guard !isClosed else {
      new.close()
      throw StateError(.closed, "the store is closed")
    }
    // Another question may have made one meanwhile.
    connection?.close()
    connection = new
    return new
  }
}
