internal import EventLoop
internal import Observability

/// Opens connections to servers: name, TCP or socket, TLS, and who we are. Loop-bound.
struct RedisOpener {
  let loop: EventLoop
  let url: RedisURL
  /// Nil where connections are not encrypted.
  let tls: TLSContext?

  /// Connects to a server.
  func open(_ host: RedisURL.Host) async throws(StateError) -> RedisConnection {
    RedisConnection(try await connect(host), timeout: url.timeout)
  }

  /// Connects to the socket of the URL.
  func openSocket() throws(StateError) -> RedisConnection {
    do throws(SystemError) {
      return RedisConnection(try loop.connect(toUnixSocket: url.path), timeout: url.timeout)
    } catch {
      throw StateError(.unavailable, "\(url.path) cannot be connected to: \(error)")
    }
  }

  private func connect(_ host: RedisURL.Host) async throws(StateError) -> TCPStream {
    let stream: TCPStream
    do throws(SystemError) {
      let addresses = try await loop.resolve(host: host.name, port: host.port)
      stream = try await loop.connect(to: addresses, timeout: url.connectTimeout)
    } catch {
      throw StateError(.unavailable, "\(host) cannot be connected to: \(error)")
    }
    guard let tls else { return stream }
    do throws(StreamError) {
      try await stream.startTLS(
        tls, serverName: host.name, ticket: nil, timeout: url.connectTimeout * 2
      ) { _ in }
      return stream
    } catch {
      stream.close()
      throw StateError(.unavailable, "TLS with \(host) failed: \(Self.reason(error))")
    }
  }

  private static func reason(_ error: StreamError) -> String {
    switch error {
    case .system(let error): "\(error)"
    case .tls(let reason): reason
    }
  }

  /// Says who we are.
  /// - Throws: `StateError` that says what the server does not like.
  func introduce(
    _ connection: RedisConnection, password: Secret?, database: Int = 0
  ) async throws(StateError) {
    if let password {
      let user = url.user.map { [Array($0.utf8)] } ?? []
      let reply = try await connection.call(
        [Array("AUTH".utf8)] + user + [Array(password.reveal().utf8)])
      if case .error(let text) = reply { throw RedisFault.ofPassword(text) }
    }
    if database != 0 {
      let reply = try await connection.call("SELECT", "\(database)")
      if case .error(let text) = reply { throw RedisFault(text).error }
    }
    // A name helps whoever looks at the server; one that forbids it is no worse a store.
    _ = try await connection.call("CLIENT", "SETNAME", "easel")
  }
}
