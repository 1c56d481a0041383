internal import HTTP

/// Fetches a picture from a URL that a provider has handed out. Such a URL is a stranger's word: it
/// may not point inside, and it gets no credentials.
struct ImageFetch {
  let link: ProviderLink

  private var provider: ImageProvider { link.provider }

  private static let redirects = 3

  func bytes(at text: String) async throws(ImageFailure) -> [UInt8] {
    var url = try check(text)
    for _ in 0...Self.redirects {
      // Some providers' file servers refuse clients that do not name themselves.
      var request = ClientRequest(.get, url, headers: ["accept": "image/*", "user-agent": "easel"])
      request.addressPolicy = isTrusted(url) ? .any : .publicOnly
      request.timeouts.total = min(link.remaining, .seconds(120))
      let answer: ClientAnswer
      do throws(HTTPClientError) {
        answer = try await link.client.send(request, bodyLimit: link.imageLimit)
      } catch {
        throw ImageFailure(
          error.kind == .cancelled
            ? .cancelled : error.kind == .tooLarge ? .tooLarge : .unreachable,
          "the picture of \(provider.name) cannot be fetched: \(error)", mayHaveBeenPaid: true)
      }
      switch answer.head.status {
      case 200: return answer.body
      case 301, 302, 303, 307, 308:
        guard let target = answer.head.headers["location"] else { throw failed(answer.head.status) }
        url = try check(target.hasPrefix("/") ? url.origin + target : target)
      default: throw failed(answer.head.status)
      }
    }
    throw ImageFailure(
      .malformed, "the picture of \(provider.name) is behind too many redirects",
      mayHaveBeenPaid: true)
  }

  private func failed(_ status: Int) -> ImageFailure {
    ImageFailure(
      .malformed, "the picture of \(provider.name) is not at its URL (status \(status))",
      mayHaveBeenPaid: true)
  }

  /// Whether the operator vouches for the place: the provider's own, or any where that is set.
  private func isTrusted(_ url: HTTPURL) -> Bool {
    provider.allowsPrivateURLs || url.origin == provider.baseURL.origin
  }

  private func check(_ text: String) throws(ImageFailure) -> HTTPURL {
    guard let url = try? HTTPURL(text), url.scheme == .https || isTrusted(url) else {
      throw ImageFailure(
        .malformed, "\(provider.name) gave a picture's URL that is not https.",
        mayHaveBeenPaid: true)
    }
    return url
  }
}
