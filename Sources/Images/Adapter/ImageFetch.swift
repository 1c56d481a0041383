internal import EventLoop
internal import HTTP

/// Fetches a picture from a URL that a provider has handed out.
struct ImageFetch {
  let link: ProviderLink

  /// A try without a picture.
  private struct Miss: Error {
    var failure: ImageFailure
    /// Whether the next try may succeed.
    var mayPass = true
  }

  private var provider: ImageProvider { link.provider }

  /// Between tries: the picture is made and paid for, so that a file server which stumbles is asked
  /// again before the picture is given up.
  private static let pauses: [Duration] = [.milliseconds(200), .milliseconds(800), .seconds(2)]

  func bytes(at text: String) async throws(ImageFailure) -> [UInt8] {
    var tries = 0
    while true {
      let miss: Miss
      do throws(Miss) { return try await once(text) } catch { miss = error }
      guard miss.mayPass, tries < Self.pauses.count, Self.pauses[tries] < link.remaining else {
        throw miss.failure
      }
      do { try await link.client.loop.sleep(for: Self.pauses[tries]) } catch {
        throw failure(.cancelled, "was not waited for")
      }
      tries += 1
    }
  }

  private func once(_ text: String) async throws(Miss) -> [UInt8] {
    let fetch = GuardedFetch(
      client: link.client, limit: link.imageLimit, timeout: min(link.remaining, .seconds(120)),
      isTrusted: isTrusted)
    let bytes: [UInt8]
    do throws(GuardedFetch.Fault) { bytes = try await fetch.bytes(at: text) } catch {
      throw miss(error)
    }
    guard ImageFormat(whole: bytes) != nil else {
      throw Miss(failure: failure(.malformed, "is no picture, or not whole"))
    }
    return bytes
  }

  /// Whether the operator vouches for the place: the provider's own, or any where that is set.
  private func isTrusted(_ url: HTTPURL) -> Bool {
    provider.allowsPrivateURLs || url.origin == provider.baseURL.origin
  }

  private func miss(_ fault: GuardedFetch.Fault) -> Miss {
    switch fault {
    case .notHTTPS:
      Miss(failure: link.malformed("gave a picture's URL that is not https"), mayPass: false)
    case .status(let status):
      Miss(failure: failure(.malformed, "is not at its URL (status \(status))"))
    case .tooManyRedirects:
      Miss(failure: failure(.malformed, "is behind too many redirects"), mayPass: false)
    case .client(let error): miss(error)
    }
  }

  private func miss(_ error: HTTPClientError) -> Miss {
    let kind: ImageFailure.Kind =
      switch error.kind {
      case .cancelled: .cancelled
      case .tooLarge: .tooLarge
      default: .unreachable
      }
    var failure = failure(kind, "cannot be fetched: \(error)")
    failure.isGateways = error.isGateways
    return Miss(
      failure: failure, mayPass: kind == .unreachable && error.kind != .forbiddenAddress)
  }

  private func failure(_ kind: ImageFailure.Kind, _ what: String) -> ImageFailure {
    ImageFailure(kind, "the picture of \(provider.name) \(what)", mayHaveBeenPaid: true)
  }
}
