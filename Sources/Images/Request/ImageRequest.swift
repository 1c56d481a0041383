/// What a client, or a model by the tool, asks to be drawn.
package struct ImageRequest: Sendable, Hashable {
  /// What is to be done.
  package enum Operation: String, Sendable, Hashable {
    /// From words alone.
    case generate
    /// `images` are changed as the prompt says, within the mask where there is one.
    case edit
    /// Pictures like the first of `images`; there is no prompt.
    case variation
  }

  package var operation = Operation.generate
  /// A model, `provider/model`, a tier, or nil or `auto` for the gateway's choice.
  package var model: String?
  /// Empty for a variation only.
  package var prompt: String
  package var negativePrompt: String?
  /// Nil leaves it to the provider.
  package var size: ImageSize?
  /// The client's own word: `hd`, `medium`, a tier, ...
  package var quality: String?
  package var style: String?
  /// 1 to 10.
  package var count = 1
  /// 0 to 4294967295.
  package var seed: Int?
  /// Steps of diffusion, 1 to 500.
  package var steps: Int?
  /// How closely the prompt is followed, 0 to 100; its meaning is the provider's.
  package var guidance: Double?
  /// `transparent`, `opaque` or `auto`.
  package var background: String?
  /// `png`, `jpeg` or `webp`.
  package var outputFormat: String?
  /// 0 to 100.
  package var outputCompression: Int?
  package var moderation: String?
  package var inputFidelity: String?
  package var user: String?
  /// The pictures to change; at most 16.
  package var images: [InputImage] = []
  /// A PNG whose transparent parts of the first picture may change.
  package var mask: InputImage?
  /// How many unfinished pictures to show on the way, 0 to 3.
  package var partialImages = 0
  /// Fields that the client sent and nobody knows, so that the answer can name them.
  package var unknownFields: [String] = []
  /// What its profile lets routing do; nothing is ruled out without one.
  package var constraints = ImageConstraints()

  /// One picture of a prompt.
  package init(prompt: String) { self.prompt = prompt }

  /// The seed of the request's picture of a number: the next one for each, as Stable Diffusion's
  /// programs have it in a batch.
  func seed(ofPicture number: Int) -> Int? {
    seed.map { ($0 + number) % (Int(UInt32.max) + 1) }
  }

  /// The tier that is asked for, by the model's name or by the quality.
  var tier: QualityTier? {
    model.flatMap(QualityTier.init(word:)) ?? quality.flatMap(QualityTier.init(word:))
  }
}
