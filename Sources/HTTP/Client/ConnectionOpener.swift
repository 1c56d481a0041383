internal import EventLoop

/// Opens connections: name, TCP, proxy, TLS.
struct ConnectionOpener {
  let loop: EventLoop
  let configuration: HTTPClientConfiguration
  let tls: TLSContext

  /// - Parameter timeout: for everything together.
  func open(
    _ origin: HTTPClient.Origin, ticket: TLSTicket?, timeout: Duration,
    tickets: @escaping (TLSTicket) -> Void
  ) async throws(HTTPClientError) -> TCPStream {
    let end = loop.now + timeout.milliseconds
    func left() -> Duration { .milliseconds(end > loop.now ? end - loop.now : 1) }
    let proxy = configuration.proxy.flatMap {
      origin.scheme == .https && $0.applies(origin.host, origin.port) ? $0 : nil
    }
    let stream = try await connect(
      proxy?.url.host ?? origin.host, proxy?.url.port ?? origin.port,
      proxy == nil ? origin.policy : .any, left)
    if let proxy {
      do throws(HTTPClientError) {
        try checkLiteral(origin)
        try await ProxyTunnel.establish(on: stream, to: origin, through: proxy, timeout: left())
      } catch {
        stream.close()
        throw error
      }
    }
    guard origin.scheme == .https else { return stream }
    do throws(StreamError) {
      try await stream.startTLS(
        tls, serverName: origin.host, ticket: ticket, timeout: left(), tickets: tickets)
      return stream
    } catch {
      stream.close()
      throw Self.describe(error, origin.host)
    }
  }

  private func connect(
    _ host: String, _ port: Int, _ policy: AddressPolicy, _ left: () -> Duration
  ) async throws(HTTPClientError) -> TCPStream {
    var addresses: [SocketAddress]
    do throws(SystemError) {
      addresses = try await loop.resolve(host: host, port: port, timeout: left())
    } catch {
      if Task.isCancelled { throw .cancelled }
      throw HTTPClientError(
        .resolve, mayHaveBeenSent: false, "the name \(host) cannot be resolved: \(error)")
    }
    if policy == .publicOnly {
      // The very addresses that are checked are connected to: a second look-up could give others.
      guard addresses.allSatisfy({ AddressGuard.isPublic($0.ipBytes) }) else {
        throw Self.forbidden(host)
      }
    }
    do throws(SystemError) {
      return try await loop.connect(to: addresses, timeout: left())
    } catch {
      if Task.isCancelled { throw .cancelled }
      throw HTTPClientError(
        .connect, mayHaveBeenSent: false, "cannot connect to \(host):\(port): \(error)")
    }
  }

  /// Behind a proxy names are resolved there, so that only literals can be checked here.
  private func checkLiteral(_ origin: HTTPClient.Origin) throws(HTTPClientError) {
    guard origin.policy == .publicOnly,
      let literal = SocketAddress(ip: origin.host, port: origin.port)
    else { return }
    guard AddressGuard.isPublic(literal.ipBytes) else { throw Self.forbidden(origin.host) }
  }

  private static func forbidden(_ host: String) -> HTTPClientError {
    HTTPClientError(
      .forbiddenAddress, mayHaveBeenSent: false, "\(host) is not on the public Internet")
  }

  private static func describe(_ error: StreamError, _ host: String) -> HTTPClientError {
    switch error {
    case .tls(let message):
      HTTPClientError(.tls, mayHaveBeenSent: false, "TLS with \(host) failed: \(message)")
    case .system(let error):
      HTTPClientError(
        Task.isCancelled ? .cancelled : .connect, mayHaveBeenSent: false,
        "TLS with \(host) failed: \(error)")
    }
  }
}
