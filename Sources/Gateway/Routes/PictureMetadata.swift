internal import EventLoop
internal import Images
internal import OpenAIWire

/// What is kept beside a picture in the store: what it was drawn from, by whom, for how much.
struct PictureMetadata {
  private let image: GeneratedImage
  private let request: ImageRequest

  init(_ image: GeneratedImage, _ request: ImageRequest) {
    self.image = image
    self.request = request
  }

  /// As an object.
  func json() -> [UInt8] {
    JSONWriter.object { writer in
      writer.member("prompt", request.prompt)
      writer.member("revised_prompt", image.revisedPrompt)
      writer.member("provider", image.origin?.provider)
      writer.member("model", image.origin?.model)
      writer.member("cost_usd", dollars: image.origin?.cost)
      writer.member("seed", image.seed)
      writer.member("size", image.format.size(of: image.bytes)?.description)
      writer.member("format", image.format.rawValue)
      writer.member("created", WallClock.seconds)
    }
  }
}
