internal import HTTP

/// Fetches a picture from a URL that a provider has handed out.
struct ImageFetch {
  let link: ProviderLink

  private var provider: ImageProvider { link.provider }

  func bytes(at text: String) async throws(ImageFailure) -> [UInt8] {
    let fetch = GuardedFetch(
      client: link.client, limit: link.imageLimit, timeout: min(link.remaining, .seconds(120)),
      isTrusted: isTrusted)
    do throws(GuardedFetch.Fault) { return try await fetch.bytes(at: text) } catch {
      throw failure(error)
    }
  }

  /// Whether the operator vouches for the place: the provider's own, or any where that is set.
  private func isTrusted(_ url: HTTPURL) -> Bool {
    provider.allowsPrivateURLs || url.origin == provider.baseURL.origin
  }

  private func failure(_ fault: GuardedFetch.Fault) -> ImageFailure {
    var kind = ImageFailure.Kind.malformed
    let message: String
    switch fault {
    case .notHTTPS: message = "\(provider.name) gave a picture's URL that is not https."
    case .status(let status):
      message = "the picture of \(provider.name) is not at its URL (status \(status))"
    case .tooManyRedirects:
      message = "the picture of \(provider.name) is behind too many redirects"
    case .client(let error):
      kind =
        error.kind == .cancelled
        ? .cancelled : error.kind == .tooLarge ? .tooLarge : .unreachable
      message = "the picture of \(provider.name) cannot be fetched: \(error)"
    }
    return ImageFailure(kind, message, mayHaveBeenPaid: true)
  }
}
