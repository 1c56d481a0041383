internal import COpenSSL

/// The TLS state of one stream: OpenSSL between two memory buffers. Loop-bound.
final class TLSSession {
  private let ssl: OpaquePointer
  private let incoming: OpaquePointer
  private let outgoing: OpaquePointer
  private var sentCloseNotify = false
  private var reachedEnd = false
  private(set) var isEstablished = false
  /// Called once the handshake is done; a handshake that fails closes the stream instead.
  var whenEstablished: (() -> Void)?
  /// Gets each ticket that the server hands out.
  var whenTicket: ((TLSTicket) -> Void)?

  /// - Parameter serverName: for clients: the name (SNI) and what the certificate must be for.
  init(_ context: TLSContext, serverName: String?, ticket: TLSTicket?) throws(StreamError) {
    guard let ssl = SSL_new(context.context) else { throw .tls(TLSContext.lastError) }
    guard let incoming = BIO_new(BIO_s_mem()), let outgoing = BIO_new(BIO_s_mem()) else {
      SSL_free(ssl)
      throw .tls(TLSContext.lastError)
    }
    self.ssl = ssl
    self.incoming = incoming
    self.outgoing = outgoing
    SSL_set_bio(ssl, incoming, outgoing)
    // Unretained: the SSL object dies with this one.
    SSL_set_ex_data(ssl, 0, Unmanaged.passUnretained(self).toOpaque())
    if context.isServer {
      SSL_set_accept_state(ssl)
      return
    }
    SSL_set_connect_state(ssl)
    guard let serverName else { return }
    if SocketAddress(ip: serverName, port: 0) == nil {
      _ = easel_ssl_set_sni(ssl, serverName)
      SSL_set1_host(ssl, serverName)
    } else {
      X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), serverName)
    }
    if let ticket { SSL_set_session(ssl, ticket.session) }
  }

  deinit { SSL_free(ssl) }

  func didGetTicket(_ session: OpaquePointer) { whenTicket?(TLSTicket(session)) }

  /// Begins or goes on with the handshake.
  func handshake(on stream: TCPStream) {
    guard !isEstablished else { return }
    ERR_clear_error()
    let result = SSL_do_handshake(ssl)
    flush(to: stream)
    if result == 1 {
      isEstablished = true
      let whenEstablished = whenEstablished
      self.whenEstablished = nil
      whenEstablished?()
    } else {
      let reason = SSL_get_error(ssl, result)
      if reason != SSL_ERROR_WANT_READ && reason != SSL_ERROR_WANT_WRITE {
        stream.fail(.tls(failureDescription))
      }
    }
  }

  private var failureDescription: String {
    let verification = SSL_get_verify_result(ssl)
    if verification != Int(X509_V_OK), let text = X509_verify_cert_error_string(verification) {
      ERR_clear_error()
      return "certificate refused: \(String(cString: text))"
    }
    return TLSContext.lastError
  }

  /// Takes ciphertext from the wire and gives the stream's handler what it holds.
  func receive(_ bytes: UnsafeBufferPointer<UInt8>, for stream: TCPStream) {
    guard BIO_write(incoming, bytes.baseAddress, Int32(bytes.count)) == Int32(bytes.count) else {
      return stream.fail(.tls(TLSContext.lastError))
    }
    handshake(on: stream)
    guard isEstablished else { return }
    var plain = [UInt8](repeating: 0, count: 16 * 1024)
    while !stream.isClosing {
      ERR_clear_error()
      let count = SSL_read(ssl, &plain, Int32(plain.count))
      guard count > 0 else {
        finishReading(SSL_get_error(ssl, count), stream)
        break
      }
      stream.handler?.stream(stream, didRead: plain.span.extracting(0..<Int(count)))
    }
    if !stream.isClosing { flush(to: stream) }
  }

  private func finishReading(_ reason: Int32, _ stream: TCPStream) {
    switch reason {
    case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: break
    case SSL_ERROR_ZERO_RETURN:
      guard !reachedEnd else { return }
      reachedEnd = true
      stream.handler?.streamDidReadEOF(stream)
    default: stream.fail(.tls(failureDescription))
    }
  }

  /// The connection has ended below TLS.
  /// - Returns: whether the peer had said so within TLS, and its end was told already. If not, an
  ///   attacker may have cut the stream (RFC 8446, section 6.1).
  func receiveEOF() -> Bool { reachedEnd }

  /// Encrypts and sends.
  func send(_ bytes: UnsafeBufferPointer<UInt8>, on stream: TCPStream) {
    guard let start = bytes.baseAddress else { return }
    ERR_clear_error()
    var written = 0
    guard SSL_write_ex(ssl, start, bytes.count, &written) == 1, written == bytes.count else {
      return stream.fail(.tls(TLSContext.lastError))
    }
    flush(to: stream)
  }

  func sendCloseNotify(on stream: TCPStream) {
    guard isEstablished, !sentCloseNotify, stream.failure == nil else { return }
    sentCloseNotify = true
    SSL_shutdown(ssl)
    flush(to: stream)
  }

  private func flush(to stream: TCPStream) {
    let count = easel_bio_pending(outgoing)
    guard count > 0 else { return }
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      // OpenSSL fills at most `count` bytes, which it has just said to hold.
      initialized = max(0, Int(BIO_read(outgoing, buffer.baseAddress, Int32(count))))
    }
    bytes.withUnsafeBufferPointer { stream.writeRaw($0) }
  }
}
