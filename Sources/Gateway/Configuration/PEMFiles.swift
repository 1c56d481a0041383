internal import EventLoop

/// Files that a configuration names for TLS. They are loaded while it is read, so that one which is
/// of no use is found by `easel check`, and is reported with the line that names it.
enum PEMFiles {
  /// Certificates: a server's own, or authorities to trust.
  case certificates(String)
  /// A server's certificate and its private key.
  case server(certificate: String, key: String)

  /// What OpenSSL says against them; nil where it takes them.
  var problem: String? {
    do throws(StreamError) {
      switch self {
      case .certificates(let file): _ = try TLSContext(client: file)
      case .server(let certificate, let key):
        _ = try TLSContext(certificateFile: certificate, keyFile: key)
      }
      return nil
    } catch {
      return error.description
    }
  }
}
