internal import OpenAIWire

/// The pictures of a JSON body: in it as `data:` URLs, or at `https:` URLs, from where they are
/// fetched.
struct NamedPictures {
  /// Bytes of one picture.
  private let imageLimit: Int
  private let totalLimit: Int
  private let fetch: InputImageFetch
  private var fetched = 0

  /// - Parameters:
  ///   - imageLimit: bytes of one picture.
  ///   - totalLimit: bytes of all that are fetched: a short body must not bring more than a long one.
  init(imageLimit: Int, totalLimit: Int, fetch: InputImageFetch) {
    self.imageLimit = imageLimit
    self.totalLimit = totalLimit
    self.fetch = fetch
  }

  /// The picture of `{"image_url": URL}`, `{"image_url": {"url": URL}}` or the URL alone.
  /// - Throws: `OpenAIError`, for a URL that is of no use, or whose picture is not.
  mutating func picture(
    _ entry: JSONSlice, _ param: String
  ) async throws(OpenAIError) -> InputImage {
    let url = entry["image_url"] ?? entry
    let inner = url["url"] ?? url
    guard inner.kind == .string, let text = inner.stringBytes else { throw Self.rule(param) }
    if text.starts(with: "data:".utf8) {
      guard let bytes = Base64.decode(text[...]) else { throw Self.rule(param) }
      return try ImagesCall.picture(bytes, param, imageLimit)
    }
    guard let address = inner.string, address.contains("://") else { throw Self.rule(param) }
    let picture: InputImage
    do throws(ImageFailure) { picture = try await fetch.picture(at: address) } catch {
      throw Self.error(error, param)
    }
    fetched += picture.bytes.count
    guard fetched <= totalLimit else {
      throw .payloadTooLarge(
        "The pictures at the URLs of 'images' and 'mask' are larger than \(totalLimit) bytes.")
    }
    return picture
  }

  private static func rule(_ param: String) -> OpenAIError {
    .invalidRequest(
      "A picture in '\(param)' must be {\"image_url\": \"data:image/png;base64,…\"}, or the same "
        + "with an https URL. Send a form to upload files.", param: param)
  }

  private static func error(_ failure: ImageFailure, _ param: String) -> OpenAIError {
    let message = "A picture in '\(param)' cannot be used: \(failure.message)."
    return failure.kind == .tooLarge
      ? .payloadTooLarge(message) : .invalidRequest(message, param: param)
  }
}
