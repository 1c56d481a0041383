/// Speaks one wire format: turns a job into the provider's requests, and its answers into pictures.
///
/// Loop-bound, like the link that it is given. Does not choose, does not fall back and does not ask
/// twice for what may have been paid for: that is the pipeline's.
protocol ImageAdapter: Sendable {
  /// Whether a job of a client that has left is cancelled at the provider. What cannot be cancelled
  /// is paid for, and better finished.
  var cancelsJobs: Bool { get }

  /// Makes the pictures of one job: one paid call, and whatever it takes to get its result.
  /// - Throws: `ImageFailure`, in the class that the provider's answer tells; refusals that hide in
  ///   a 200 included.
  func draw(_ job: ImageJob, over link: ProviderLink) async throws(ImageFailure) -> ProviderAnswer

  /// Asks the provider's cheapest endpoint that needs the key.
  /// - Throws: `ImageFailure`, of kind `badKey` where the key is refused.
  func checkKey(over link: ProviderLink) async throws(ImageFailure)

  /// The models that the provider lists, by their names on the wire; nil where it has no list.
  func listModels(over link: ProviderLink) async throws(ImageFailure) -> [String]?
}

extension ImageAdapter {
  var cancelsJobs: Bool { false }
}

/// Pictures that one call of a provider is to make.
struct ImageJob {
  var request: ImageRequest
  var model: ImageModel
  /// 1 to the model's `maxCount`.
  var count: Int
  /// The same for every sending of this job, and for no other.
  var idempotencyKey: String
  /// Told of unfinished pictures, where the model shows them.
  var partial: ((PartialImage) async -> Void)?
}

/// A picture that is not finished.
package struct PartialImage: Sendable {
  /// From 0.
  package var index: Int
  package var bytes: [UInt8]
  /// Nil where its provider does not tell.
  package var look: PictureLook?
}

/// What a provider answered.
struct ProviderAnswer: Sendable {
  var pictures: [ProviderPicture]
  /// US dollars, where the provider says what it billed.
  var cost: Double?
  /// The provider's `usage` as JSON, in OpenAI's shape, where it gave one.
  var usage: [UInt8]?
  /// How its pictures were drawn, where the provider says.
  var look: PictureLook?
  /// What of the request could not be honoured, in words.
  var adjusted: [String] = []
}

/// One picture of an answer.
struct ProviderPicture: Sendable {
  enum Source: Sendable {
    case bytes([UInt8])
    /// Still to be fetched; `ProviderLink.fetch` does.
    case url(String)
    /// Base64 that cannot be read. It is paid for as the others of its answer are.
    case broken
  }

  var source: Source
  var revisedPrompt: String?
  var seed: Int?

  init(_ source: Source, revisedPrompt: String? = nil, seed: Int? = nil) {
    self.source = source
    self.revisedPrompt = revisedPrompt
    self.seed = seed
  }

  /// A picture that came as base64, or as a `data:` URI.
  init(base64 text: ArraySlice<UInt8>, revisedPrompt: String? = nil, seed: Int? = nil) {
    let bytes = Base64.decode(text).flatMap { $0.isEmpty ? nil : $0 }
    self.init(bytes.map(Source.bytes) ?? .broken, revisedPrompt: revisedPrompt, seed: seed)
  }
}
