/// An answer whose body is being read. Loop-bound; lives within `HTTPClient.withResponse`.
package final class ClientResponse {
  /// Status and fields.
  package let head: ResponseHead
  private let connection: ClientConnection
  private var idle: Duration
  /// What was read, and is to be read again.
  private var unread: [UInt8] = []
  /// Body bytes read so far.
  package private(set) var bytesReceived = 0

  init(_ head: ResponseHead, _ connection: ClientConnection, idle: Duration) {
    self.head = head
    self.connection = connection
    self.idle = idle
  }

  /// The next piece of the body as it came, at most 64 KiB by default; nil at the end.
  /// - Throws: `HTTPClientError`.
  package func next() async throws(HTTPClientError) -> [UInt8]? {
    if !unread.isEmpty {
      defer { unread = [] }
      return unread
    }
    let piece = try await connection.nextPiece(idle: idle)
    bytesReceived += piece?.count ?? 0
    return piece
  }

  /// Has the next call of ``next()`` return these bytes: all that was read since the one before.
  package func putBack(_ bytes: [UInt8]) { unread = bytes }

  /// Notes that the body holds nothing more of interest: its end, with which the connection can be used
  /// again, is waited for only a moment.
  package func expectEnd() { idle = min(idle, Self.moment) }

  /// Longer than a network takes for an end that is under way.
  private static let moment = Duration.milliseconds(250)

  /// The rest of the body.
  /// - Parameter limit: bytes; one more is an error.
  /// - Throws: `HTTPClientError`, of kind `tooLarge` past the limit.
  package func collect(limit: Int) async throws(HTTPClientError) -> [UInt8] {
    if let length = head.contentLength, length > limit { throw tooLarge(limit) }
    guard var body = try await next() else { return [] }
    if let length = head.contentLength { body.reserveCapacity(length) }
    while let piece = try await next() {
      if body.count + piece.count > limit { throw tooLarge(limit) }
      body.append(contentsOf: piece)
    }
    if body.count > limit { throw tooLarge(limit) }
    return body
  }

  private func tooLarge(_ limit: Int) -> HTTPClientError {
    connection.fail(.tooLarge, "the server's answer is larger than \(limit) bytes")
  }
}

/// An answer that was read whole.
package struct ClientAnswer: Sendable {
  /// Status and fields.
  package let head: ResponseHead
  package let body: [UInt8]

  /// An answer of these parts.
  package init(head: ResponseHead, body: [UInt8]) {
    self.head = head
    self.body = body
  }
}
