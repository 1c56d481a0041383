internal import Observability

/// Asks the sentinels, one after the other, who the master is. Loop-bound.
/// https://redis.io/docs/latest/develop/reference/sentinel-clients/
final class SentinelDirectory {
  private let opener: RedisOpener
  /// The one that answered last is asked first.
  private var preferred = 0

  init(_ opener: RedisOpener) { self.opener = opener }

  /// The master's address.
  /// - Throws: `StateError` of the last sentinel, where none knows it.
  func master() async throws(StateError) -> RedisURL.Host {
    let hosts = opener.url.hosts
    var last = StateError(.unavailable, "no sentinel is named")
    for offset in hosts.indices {
      let index = (preferred + offset) % hosts.count
      do throws(StateError) {
        let master = try await ask(hosts[index])
        preferred = index
        return master
      } catch {
        last = error
      }
    }
    throw last
  }

  private func ask(_ host: RedisURL.Host) async throws(StateError) -> RedisURL.Host {
    let connection = try await opener.open(host)
    defer { connection.close() }
    if let password = opener.url.sentinelPassword {
      let reply = try await connection.call("AUTH", password.reveal())
      if case .error = reply {
        throw StateError(.unavailable, "the sentinel \(host) does not take the password")
      }
    }
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
}
