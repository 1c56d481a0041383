internal import COpenSSL

/// Certificates and settings that TLS connections of one kind share: OpenSSL's `SSL_CTX`.
/// TLS 1.2 and 1.3; HTTP/1.1 by ALPN.
///
/// `@unchecked Sendable`: an `SSL_CTX` is reference-counted and safe to share between threads
/// once it is set up, which ends with `init` (openssl-threads(7)).
package final class TLSContext: @unchecked Sendable {
  let context: OpaquePointer
  let isServer: Bool

  /// For connections to servers, whose certificates and names are verified.
  /// - Parameter authorityFile: PEM certificates to trust in place of the system's.
  /// - Throws: `StreamError.tls` when the file cannot be read.
  package init(client authorityFile: String? = nil) throws(StreamError) {
    context = try Self.make(TLS_client_method())
    isServer = false
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
    let loaded =
      authorityFile.map { SSL_CTX_load_verify_file(context, $0) }
      ?? SSL_CTX_set_default_verify_paths(context)
    guard loaded == 1 else {
      throw .tls("cannot load certificate authorities: \(Self.lastError)")
    }
    // ALPN's wire format: each name behind its length (RFC 7301, section 3.1).
    let names: [UInt8] = [8] + Array("http/1.1".utf8)
    _ = SSL_CTX_set_alpn_protos(context, names, UInt32(names.count))
    _ = easel_ssl_ctx_cache_client_sessions(context)
    SSL_CTX_sess_set_new_cb(context) { ssl, session in
      guard let session, let context = SSL_get_ex_data(ssl, 0) else { return 0 }
      // The pointer was set by the session, which lives as long as its SSL object.
      let owner = Unmanaged<TLSSession>.fromOpaque(context).takeUnretainedValue()
      owner.didGetTicket(session)
      return 1
    }
  }

  /// For connections from clients.
  /// - Throws: `StreamError.tls` when the PEM files cannot be read or do not belong together.
  package init(certificateFile: String, keyFile: String) throws(StreamError) {
    context = try Self.make(TLS_server_method())
    isServer = true
    guard SSL_CTX_use_certificate_chain_file(context, certificateFile) == 1 else {
      throw .tls("cannot load certificate \(certificateFile): \(Self.lastError)")
    }
    guard SSL_CTX_use_PrivateKey_file(context, keyFile, SSL_FILETYPE_PEM) == 1 else {
      throw .tls("cannot load key \(keyFile): \(Self.lastError)")
    }
    guard SSL_CTX_check_private_key(context) == 1 else {
      throw .tls("\(keyFile) is not the key of \(certificateFile)")
    }
    SSL_CTX_set_alpn_select_cb(
      context,
      { _, out, outLength, offered, offeredLength, _ in
        let supported: [UInt8] = [8] + Array("http/1.1".utf8)
        var chosen: UnsafeMutablePointer<UInt8>?
        let result = SSL_select_next_proto(
          &chosen, outLength, supported, UInt32(supported.count), offered, offeredLength)
        // Without a common name the handshake goes on, and HTTP/1.1 is spoken all the same.
        guard result == OPENSSL_NPN_NEGOTIATED, let offered, let length = outLength?.pointee else {
          return SSL_TLSEXT_ERR_NOACK
        }
        // The name must outlive this call, so it is pointed at within the client's own list.
        var offset = 0
        while offset < Int(offeredLength) {
          let size = Int(offered[offset])
          if size == Int(length), size == 8 {
            out?.pointee = offered + offset + 1
            return SSL_TLSEXT_ERR_OK
          }
          offset += size + 1
        }
        return SSL_TLSEXT_ERR_NOACK
      }, nil)
  }

  deinit { SSL_CTX_free(context) }

  private static func make(_ method: OpaquePointer?) throws(StreamError) -> OpaquePointer {
    guard let context = SSL_CTX_new(method) else { throw .tls(lastError) }
    _ = easel_ssl_ctx_set_min_tls12(context)
    _ = easel_ssl_ctx_release_buffers(context)
    return context
  }

  /// OpenSSL's newest error on this thread, in its own words; the queue is emptied.
  static var lastError: String {
    let code = ERR_get_error()
    ERR_clear_error()
    guard code != 0, let reason = ERR_reason_error_string(code) else { return "unknown TLS error" }
    return String(cString: reason)
  }
}

/// A ticket by which a later connection to the same server skips the full handshake.
/// Loop-bound.
package final class TLSTicket {
  let session: OpaquePointer
  init(_ session: OpaquePointer) { self.session = session }
  deinit { SSL_SESSION_free(session) }
}
