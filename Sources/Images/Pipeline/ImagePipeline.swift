package import HTTP
internal import Observability
internal import OpenAIWire
internal import Synchronization

/// From a request to pictures: chooses a model, asks it, and asks the next one where that fails.
package final class ImagePipeline: Sendable {
  private let providers: [String: ImageProvider]
  /// All models, in the order in which they are asked.
  package let models: [ImageModel]
  private let limits: Limits
  private let running = Mutex(0)

  /// Bounds of the pipeline.
  package struct Limits: Sendable {
    /// Bytes of one picture.
    package var image = 32 << 20
    /// Pixels of one picture.
    package var pixels = 40_000_000
    /// Requests that are drawn at one time.
    package var concurrency = 64

    /// The defaults that each property names.
    package init() {}
  }

  /// A pipeline over providers; the order of their models is by priority, then price.
  package init(providers: [ImageProvider], limits: Limits = Limits()) {
    self.providers = Dictionary(
      providers.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    self.limits = limits
    models = providers.flatMap(\.models).sorted { left, right in
      if left.priority != right.priority { return left.priority < right.priority }
      return left.price ?? .infinity < right.price ?? .infinity
    }
  }

  /// Whether any model is there to be asked.
  package var hasProviders: Bool { !models.isEmpty }

  /// Draws. Called on `client`'s loop. When the task is cancelled, the provider's connection is
  /// closed and no other provider is asked.
  /// - Throws: `ImageFailure`.
  package func generate(
    _ request: ImageRequest, client: HTTPClient
  ) async throws(ImageFailure) -> ImageResult {
    let candidates = try candidates(for: request)
    guard takePlace() else {
      throw ImageFailure(
        .overloaded, "Too many pictures are being drawn. Try again soon.", retryAfter: .seconds(5))
    }
    defer { running.withLock { $0 -= 1 } }
    var passedOver: [(model: String, reason: String)] = []
    var failures: [ImageFailure] = []
    for model in candidates {
      guard let provider = providers[model.provider] else { continue }
      do throws(ImageFailure) {
        var result = try await draw(request, model, provider, client)
        result.passedOver = passedOver
        return result
      } catch {
        guard error.isProviders else { throw error }
        failures.append(error)
        passedOver.append((model: "\(model.provider)/\(model.id)", reason: error.kind.rawValue))
        // What may have been paid for is risked a second time, never a third.
        if failures.filter(\.mayHaveBeenPaid).count > 1 { break }
      }
    }
    throw Self.combine(failures, passedOver)
  }

  private func takePlace() -> Bool {
    running.withLock { running in
      guard running < limits.concurrency else { return false }
      running += 1
      return true
    }
  }

  // MARK: Choice

  private func candidates(for request: ImageRequest) throws(ImageFailure) -> [ImageModel] {
    guard hasProviders else {
      throw ImageFailure(.noProvider, "No image provider is configured.")
    }
    if let name = request.model, name != "auto", QualityTier(word: name) == nil {
      let named = models.filter { $0.id == name || "\($0.provider)/\($0.id)" == name }
      guard !named.isEmpty else {
        let known = models.map { "\($0.provider)/\($0.id)" }.joined(separator: ", ")
        throw ImageFailure(
          .badRequest, "The model '\(name.prefix(128))' does not exist. Known are: \(known).",
          code: "model_not_found")
      }
      return named
    }
    guard let tier = request.tier else { return models }
    return models.filter { $0.tier == tier } + models.filter { $0.tier != tier }
  }

  private static func combine(
    _ failures: [ImageFailure], _ passedOver: [(model: String, reason: String)]
  ) -> ImageFailure {
    guard failures.count > 1, let last = failures.last else {
      return failures.first ?? ImageFailure(.noProvider, "No image provider is configured.")
    }
    let list = passedOver.map { "\($0.model): \($0.reason)" }.joined(separator: "; ")
    return ImageFailure(
      last.kind, "No image provider could draw this (\(list)).",
      retryAfter: failures.compactMap(\.retryAfter).min(),
      mayHaveBeenPaid: failures.contains { $0.mayHaveBeenPaid })
  }

  // MARK: One model

  private func draw(
    _ request: ImageRequest, _ model: ImageModel, _ provider: ImageProvider, _ client: HTTPClient
  ) async throws(ImageFailure) -> ImageResult {
    var encoder = OpenAIImagesEncoder(request, model)
    var images: [GeneratedImage] = []
    var usage: [UInt8]?
    while images.count < request.count {
      let count = min(model.maxCount, request.count - images.count)
      let answer = try await call(encoder.body(count: count), count, provider, client)
      usage = answer.usage ?? usage
      for item in answer.items.prefix(count) {
        images.append(try await picture(item, provider, client))
      }
    }
    return ImageResult(
      images: images, model: model, cost: model.price.map { $0 * Double(images.count) },
      usage: usage, adjusted: encoder.adjusted, passedOver: [])
  }

  private func call(
    _ body: [UInt8], _ count: Int, _ provider: ImageProvider, _ client: HTTPClient
  ) async throws(ImageFailure) -> OpenAIImagesDecoder.Answer {
    var headers: HeaderFields = ["content-type": "application/json", "accept": "application/json"]
    if let key = provider.apiKey {
      headers.set("authorization", "Bearer \(key.reveal())", orDrop: ())
    }
    var request = ClientRequest(
      .post, provider.baseURL.appending(path: "images/generations"), headers: headers, body: body)
    request.timeouts.firstByte = provider.timeout
    request.timeouts.total = provider.timeout
    // A picture may have been made and charged for before the connection broke.
    request.retriesStaleConnection = false
    let limit = count * (limits.image / 3 * 4) + (1 << 20)
    let answer: ClientAnswer
    do throws(HTTPClientError) {
      answer = try await client.send(request, bodyLimit: limit)
    } catch {
      throw Self.failure(error, provider)
    }
    return try OpenAIImagesDecoder.decode(answer, provider: provider.name)
  }

  private static func failure(_ error: HTTPClientError, _ provider: ImageProvider) -> ImageFailure {
    let kind: ImageFailure.Kind
    switch error.kind {
    case .cancelled: kind = .cancelled
    case .timeout: kind = .timedOut
    case .malformed: kind = .malformed
    case .tooLarge: kind = .tooLarge
    case .resolve, .connect, .tls, .reset, .forbiddenAddress, .poolExhausted: kind = .unreachable
    }
    return ImageFailure(
      kind, "\(provider.name): \(error.description)", mayHaveBeenPaid: error.mayHaveBeenSent)
  }

  private func picture(
    _ item: OpenAIImagesDecoder.Item, _ provider: ImageProvider, _ client: HTTPClient
  ) async throws(ImageFailure) -> GeneratedImage {
    let bytes: [UInt8]
    let revisedPrompt: String?
    switch item {
    case .bytes(let data, let revised): (bytes, revisedPrompt) = (data, revised)
    case .url(let url, let revised):
      let fetch = ImageFetch(provider: provider, client: client, limit: limits.image)
      (bytes, revisedPrompt) = (try await fetch.bytes(at: url), revised)
    }
    guard bytes.count <= limits.image else {
      throw ImageFailure(
        .tooLarge, "\(provider.name) made a picture of more than \(limits.image) bytes.",
        mayHaveBeenPaid: true)
    }
    guard let format = ImageFormat(sniffing: bytes) else {
      throw ImageFailure(
        .malformed, "\(provider.name) answered with something that is no picture.",
        mayHaveBeenPaid: true)
    }
    if let size = format.size(of: bytes), size.width * size.height > limits.pixels {
      throw ImageFailure(
        .tooLarge, "\(provider.name) made a picture of \(size) pixels.", mayHaveBeenPaid: true)
    }
    return GeneratedImage(bytes: bytes, format: format, revisedPrompt: revisedPrompt)
  }
}
