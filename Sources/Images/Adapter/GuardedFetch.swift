internal import HTTP

/// Fetches a picture from a URL that is a stranger's word: it may not point inside, and it gets no
/// credentials.
struct GuardedFetch {
  let client: HTTPClient
  /// Bytes of the picture.
  let limit: Int
  /// For each request.
  let timeout: Duration
  /// Whether the operator vouches for a place, which may then be inside, and without TLS.
  var isTrusted: (HTTPURL) -> Bool = { _ in false }

  /// Why there is no picture.
  enum Fault: Error {
    case notHTTPS
    case status(Int)
    case tooManyRedirects
    case client(HTTPClientError)
  }

  private static let redirects = 3

  func bytes(at text: String) async throws(Fault) -> [UInt8] {
    var url = try check(text)
    for _ in 0...Self.redirects {
      // Some file servers refuse clients that do not name themselves.
      var request = ClientRequest(.get, url, headers: ["accept": "image/*", "user-agent": "easel"])
      request.addressPolicy = isTrusted(url) ? .any : .publicOnly
      request.timeouts.total = timeout
      let answer: ClientAnswer
      do throws(HTTPClientError) {
        answer = try await client.send(request, bodyLimit: limit)
      } catch {
        throw .client(error)
      }
      switch answer.head.status {
      case 200: return answer.body
      case 301, 302, 303, 307, 308:
        guard let target = answer.head.headers["location"] else {
          throw .status(answer.head.status)
        }
        url = try check(target.hasPrefix("/") ? url.origin + target : target)
      default: throw .status(answer.head.status)
      }
    }
    throw .tooManyRedirects
  }

  private func check(_ text: String) throws(Fault) -> HTTPURL {
    guard let url = try? HTTPURL(text), url.scheme == .https || isTrusted(url) else {
      throw .notHTTPS
    }
    return url
  }
}
