internal import EventLoop
internal import HTTP
internal import Observability

/// The way to one provider, for one try: its address, its key, its time. Loop-bound.
struct ProviderLink {
  let provider: ImageProvider
  let client: HTTPClient
  /// Bytes of one picture.
  let imageLimit: Int
  /// When the try is over, on the loop's clock in milliseconds.
  var deadline: UInt64
  /// Whether what is paid for is finished when the client leaves: its repetition asks for it.
  var finishesPaidCalls = false

  init(provider: ImageProvider, client: HTTPClient, imageLimit: Int) {
    self.provider = provider
    self.client = client
    self.imageLimit = imageLimit
    deadline = client.loop.now + provider.timeout.milliseconds
  }

  /// What is left of the try's time.
  var remaining: Duration {
    .milliseconds(Int64(deadline > client.loop.now ? deadline - client.loop.now : 0))
  }

  /// The key's text; empty where there is none.
  var key: String { provider.apiKey?.reveal() ?? "" }

  /// The URL of a path below the provider's base URL.
  func url(_ path: String) -> HTTPURL { provider.baseURL.appending(path: path) }

  /// The address that a provider's answer names for what comes next, such as where to poll. It gets
  /// the key, so it must be on the provider's own host, or on one that `hosts` (suffixes such as
  /// `.bfl.ai`) vouches for.
  func url(named text: String?, hosts: [String] = []) throws(ImageFailure) -> HTTPURL {
    if let text, let url = try? HTTPURL(text) {
      if url.origin == provider.baseURL.origin { return url }
      if url.scheme == .https, hosts.contains(where: { url.host.hasSuffix($0) }) { return url }
    }
    throw malformed("names an address that is not its own")
  }

  /// Runs what follows on a payment that cannot be taken back: to its end, where paid calls are
  /// finished, be the task cancelled or not.
  func finishing<T: Sendable>(
    _ body: @escaping () async throws(ImageFailure) -> T
  ) async throws(ImageFailure) -> T {
    guard finishesPaidCalls else { return try await body() }
    let result = await client.loop.shielded { () -> Result<T, ImageFailure> in
      do throws(ImageFailure) { return .success(try await body()) } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  // MARK: Requests

  /// Sends a request and reads its answer, whatever its status.
  /// - Parameters:
  ///   - pays: whether the provider charges for it. Such a request is never sent twice, and a
  ///     connection that breaks after it leaves open whether it was paid for.
  ///   - pictures: how many pictures the answer may hold as base64, for its bound in bytes.
  func send(
    _ method: HTTPMethod, _ url: HTTPURL, _ headers: HeaderFields, body: [UInt8] = [],
    pays: Bool = false, pictures: Int = 0
  ) async throws(ImageFailure) -> ClientAnswer {
    guard remaining > .zero else { throw timedOut }
    var request = ClientRequest(method, url, headers: headers, body: body)
    request.retriesStaleConnection = !pays
    request.timeouts.total = remaining
    request.timeouts.firstByte = remaining
    let limit = pictures * (imageLimit / 3 * 4) + (1 << 20)
    do throws(HTTPClientError) {
      return try await client.send(request, bodyLimit: limit)
    } catch {
      throw failure(error, pays: pays)
    }
  }

  /// Sends JSON; see `send`.
  func post(
    _ url: HTTPURL, _ headers: HeaderFields, json: [UInt8], pays: Bool, pictures: Int = 0
  ) async throws(ImageFailure) -> ClientAnswer {
    var headers = headers
    headers.set("content-type", "application/json", orDrop: ())
    if !headers.contains("accept") { headers.set("accept", "application/json", orDrop: ()) }
    return try await send(.post, url, headers, body: json, pays: pays, pictures: pictures)
  }

  /// Fetches a picture from a URL that the provider handed out, past the guard against addresses
  /// that point inside.
  func fetch(_ url: String) async throws(ImageFailure) -> [UInt8] {
    try await ImageFetch(link: self).bytes(at: url)
  }

  // MARK: Failures

  var timedOut: ImageFailure {
    ImageFailure(
      .timedOut, "\(provider.name) took longer than \(provider.timeout).", mayHaveBeenPaid: true)
  }

  /// An answer that makes no sense, after which it is open whether it was paid for.
  func malformed(_ text: String) -> ImageFailure {
    ImageFailure(.malformed, "\(provider.name) \(text).", mayHaveBeenPaid: true)
  }

  /// A refusal of the content.
  func refused(_ reason: String, code: String? = nil) -> ImageFailure {
    ImageFailure(.refused, "\(provider.name): \(reason.prefix(500))", code: code)
  }

  /// The failure that a status tells of, where the body says no more.
  func failure(
    _ answer: ClientAnswer, _ reason: String?, kind: ImageFailure.Kind? = nil
  ) -> ImageFailure {
    let status = answer.head.status
    var kind = kind ?? ImageFailure.Kind(status: status)
    if kind == .badRequest, let reason,
      MissingModel.isNamed(in: reason, of: answer, names: provider.models.map(\.wireID))
    {
      kind = .notFound
    }
    let mayHaveBeenPaid = status < 300 || ImageFailure.isAmbiguous(status: status)
    if kind == .badKey {
      var failure = refusedKey(mayHaveBeenPaid: mayHaveBeenPaid)
      failure.retryAfter = RetryAfter.read(answer.head.headers)
      return failure
    }
    return ImageFailure(
      kind, "\(provider.name): \((reason ?? "status \(status)").prefix(500))",
      retryAfter: RetryAfter.read(answer.head.headers), mayHaveBeenPaid: mayHaveBeenPaid)
  }

  /// A refusal of the key. Keys can stand in messages ("Incorrect API key provided: sk-..."), so
  /// those are not shown.
  func refusedKey(mayHaveBeenPaid: Bool) -> ImageFailure {
    ImageFailure(
      .badKey, "\(provider.name) refused the gateway's key.", mayHaveBeenPaid: mayHaveBeenPaid)
  }

  /// The failure that a broken connection tells of; see `send`.
  func failure(_ error: HTTPClientError, pays: Bool) -> ImageFailure {
    let kind: ImageFailure.Kind
    switch error.kind {
    case .cancelled: kind = .cancelled
    case .timeout: kind = .timedOut
    case .malformed: kind = .malformed
    case .tooLarge: kind = .tooLarge
    case .resolve, .connect, .tls, .reset, .forbiddenAddress, .poolExhausted: kind = .unreachable
    }
    var failure = ImageFailure(
      kind, "\(provider.name): \(error.description)",
      mayHaveBeenPaid: pays && error.mayHaveBeenSent)
    failure.isGateways = error.isGateways
    return failure
  }
}

extension HTTPClientError {
  /// Whether it is the gateway's own matter that nobody was asked.
  var isGateways: Bool { kind == .poolExhausted || kind == .forbiddenAddress }
}
