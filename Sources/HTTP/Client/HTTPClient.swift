package import EventLoop

/// An HTTP/1.1 client of one loop, which keeps connections open per origin. Loop-bound.
package final class HTTPClient {
  /// The loop whose tasks use this client.
  package let loop: EventLoop
  let configuration: HTTPClientConfiguration
  private var pools: [Origin: ConnectionPool] = [:]
  /// The pool that was used last: it is looked at first, since an origin is long to hash.
  private var latest: (origin: Origin, pool: ConnectionPool)?
  private var tickets: [Origin: TLSTicket] = [:]
  private let tls: TLSContext

  struct Origin: Hashable {
    let scheme: HTTPURL.Scheme
    let host: String
    let port: Int
    let policy: AddressPolicy
  }

  /// - Parameter tls: certificates to trust; shared by the clients of all loops.
  package init(
    loop: EventLoop, tls: TLSContext,
    configuration: HTTPClientConfiguration = HTTPClientConfiguration()
  ) {
    self.loop = loop
    self.tls = tls
    self.configuration = configuration
  }

  /// Sends a request and reads the whole answer.
  /// - Parameter bodyLimit: bytes of the answer's body; one more is an error.
  /// - Throws: `HTTPClientError`.
  package func send(
    _ request: ClientRequest, bodyLimit: Int
  ) async throws(HTTPClientError) -> ClientAnswer {
    var answer: ClientAnswer?
    do {
      try await withResponse(request) { response in
        answer = ClientAnswer(
          head: response.head, body: try await response.collect(limit: bodyLimit))
      }
    } catch let error as HTTPClientError {
      throw error
    } catch {
      throw .cancelled
    }
    guard let answer else { throw .cancelled }
    return answer
  }

  /// Sends a request and gives `body` the answer. When `body` ends, the connection goes back to the
  /// pool if the answer was read to its end, and is closed otherwise. When the calling task is
  /// cancelled, the connection is closed at once.
  /// - Throws: `HTTPClientError`, or what `body` throws.
  package func withResponse(
    _ request: ClientRequest, _ body: (ClientResponse) async throws -> Void
  ) async throws {
    let origin = Origin(
      scheme: request.url.scheme, host: request.url.host, port: request.url.port,
      policy: request.addressPolicy)
    let pool = pool(for: origin)
    let deadline = request.timeouts.total.map { loop.now + $0.milliseconds }
    let head = serialize(request)
    var fresh = request.needsNewConnection
    while true {
      if Task.isCancelled { throw HTTPClientError.cancelled }
      let connection = try await lease(origin, pool, request, fresh: fresh)
      defer { pool.release(connection) }
      let wasReused = connection.isReused
      let sentAt = loop.now
      do {
        return try await loop.withCancellation({
          connection.fail(.cancelled, "the request was cancelled")
        }) {
          let answer = try await connection.send(head, request, deadline: deadline)
          return try await body(ClientResponse(answer, connection, idle: request.timeouts.idle))
        }
      } catch var error as HTTPClientError
        where error.kind == .reset && wasReused && !connection.hasAnswerBytes
      {
        error.isOfKeptConnection = loop.now - sentAt < Self.closingTime.milliseconds
        // The server had closed the connection that was kept alive: once more, on a new one
        // (RFC 9112, section 9.3.1). Not what is not idempotent: that the server's system has
        // acknowledged nothing does not tell that the server has read nothing.
        guard request.retriesStaleConnection, request.method.isIdempotent else { throw error }
        fresh = true
      }
    }
  }

  /// Within which a request finds out that its connection had been closed. What breaks later was being
  /// worked on.
  private static let closingTime = Duration.seconds(1)

  /// Closes the connections that no request uses.
  package func closeIdleConnections() {
    for pool in pools.values { pool.closeIdle() }
  }

  private func pool(for origin: Origin) -> ConnectionPool {
    if let latest, latest.origin == origin { return latest.pool }
    let pool = pools[origin] ?? newPool(for: origin)
    latest = (origin, pool)
    return pool
  }

  private func newPool(for origin: Origin) -> ConnectionPool {
    // Origins come from configuration and from answers: those no longer used make room.
    if pools.count >= 256 { pools = pools.filter { !$0.value.isUnused } }
    let pool = ConnectionPool(configuration)
    pools[origin] = pool
    return pool
  }

  private func serialize(_ request: ClientRequest) -> [UInt8] {
    var head: [UInt8] = []
    head.reserveCapacity(256 + request.headers.wireBytes.count)
    let hasBody = !request.body.isEmpty || request.method.anticipatesBody
    RequestEncoder.head(
      method: request.method, target: request.url.path, host: request.url.hostHeader,
      headers: request.headers, framing: hasBody ? .length(request.body.count) : .none, into: &head)
    return head
  }

  private func lease(
    _ origin: Origin, _ pool: ConnectionPool, _ request: ClientRequest, fresh: Bool
  ) async throws(HTTPClientError) -> ClientConnection {
    if let connection = try await pool.acquire(
      fresh: fresh, loop: loop, timeout: request.timeouts.connect)
    {
      return connection
    }
    do throws(HTTPClientError) {
      return try await open(origin, timeout: request.timeouts.connect)
    } catch {
      pool.forget()
      throw error
    }
  }

  private func open(
    _ origin: Origin, timeout: Duration
  ) async throws(HTTPClientError) -> ClientConnection {
    let opener = ConnectionOpener(loop: loop, configuration: configuration, tls: tls)
    let stream = try await opener.open(origin, ticket: tickets[origin], timeout: timeout) {
      [weak self] ticket in
      guard let self else { return }
      if tickets.count >= 256 { tickets.removeAll() }
      tickets[origin] = ticket
    }
    return ClientConnection(stream, configuration)
  }
}
