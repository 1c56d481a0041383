internal import EventLoop
internal import HTTP

/// Fetches a picture from a URL that a provider has handed out. Such a URL is a stranger's word: it
/// may not point inside, and it gets no credentials.
struct ImageFetch {
  let link: ProviderLink

  /// A try without a picture.
  private struct Miss: Error {
    var failure: ImageFailure
    /// Whether the next try may succeed.
    var mayPass = true
  }

  private var provider: ImageProvider { link.provider }

  private static let redirects = 3
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
        throw miss(error)
      }
      switch answer.head.status {
      case 200:
        guard ImageFormat(whole: answer.body) != nil else {
          throw Miss(failure: failure(.malformed, "is no picture, or not whole"))
        }
        return answer.body
      case 301, 302, 303, 307, 308:
        guard let target = answer.head.headers["location"] else { fallthrough }
        url = try check(target.hasPrefix("/") ? url.origin + target : target)
      default:
        throw Miss(
          failure: failure(.malformed, "is not at its URL (status \(answer.head.status))"))
      }
    }
    throw Miss(failure: failure(.malformed, "is behind too many redirects"), mayPass: false)
  }

  private func miss(_ error: HTTPClientError) -> Miss {
    let kind: ImageFailure.Kind =
      switch error.kind {
      case .cancelled: .cancelled
      case .tooLarge: .tooLarge
      default: .unreachable
      }
    return Miss(
      failure: failure(kind, "cannot be fetched: \(error)"),
      mayPass: kind == .unreachable && error.kind != .forbiddenAddress)
  }

  private func failure(_ kind: ImageFailure.Kind, _ what: String) -> ImageFailure {
    ImageFailure(kind, "the picture of \(provider.name) \(what)", mayHaveBeenPaid: true)
  }

  /// Whether the operator vouches for the place: the provider's own, or any where that is set.
  private func isTrusted(_ url: HTTPURL) -> Bool {
    provider.allowsPrivateURLs || url.origin == provider.baseURL.origin
  }

  private func check(_ text: String) throws(Miss) -> HTTPURL {
    guard let url = try? HTTPURL(text), url.scheme == .https || isTrusted(url) else {
      throw Miss(failure: link.malformed("gave a picture's URL that is not https"), mayPass: false)
    }
    return url
  }
}
