package import HTTP

/// Fetches a picture that a client names by its URL: over https, and from the public Internet only
/// (OWASP's server-side request forgery). Loop-bound.
package struct InputImageFetch {
  private let fetch: GuardedFetch

  /// - Parameter limit: bytes of the picture.
  package init(client: HTTPClient, limit: Int) {
    self.init(client: client, limit: limit, isTrusted: { _ in false })
  }

  /// - Parameter isTrusted: places that may be inside, and without TLS.
  init(client: HTTPClient, limit: Int, isTrusted: @escaping (HTTPURL) -> Bool) {
    fetch = GuardedFetch(
      client: client, limit: limit, timeout: .seconds(30), isTrusted: isTrusted)
  }

  /// - Throws: `ImageFailure`, whose message says what is wrong with the URL, and nothing of what a
  ///   private network looks like.
  package func picture(at url: String) async throws(ImageFailure) -> InputImage {
    let bytes: [UInt8]
    do throws(GuardedFetch.Fault) { bytes = try await fetch.bytes(at: url) } catch {
      throw failure(error)
    }
    guard let image = InputImage(bytes) else {
      throw ImageFailure(.badRequest, "what is at its URL is no picture")
    }
    return image
  }

  private func failure(_ fault: GuardedFetch.Fault) -> ImageFailure {
    switch fault {
    case .notHTTPS: return ImageFailure(.badRequest, "only https URLs are fetched")
    case .status(let status):
      return ImageFailure(.badRequest, "its URL answers with status \(status)")
    case .tooManyRedirects: return ImageFailure(.badRequest, "its URL redirects too often")
    case .client(let error):
      switch error.kind {
      case .cancelled: return ImageFailure(.cancelled, "the request was cancelled")
      case .tooLarge: return ImageFailure(.tooLarge, "it is larger than \(fetch.limit) bytes")
      default:
        return ImageFailure(.unreachable, "its URL cannot be reached on the public Internet")
      }
    }
  }
}
