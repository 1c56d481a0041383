internal import OpenAIWire

/// The pictures of a JSON body: in it as `data:` URLs, or at `https:` URLs, from where they are
/// fetched once it is known that the request is not paid for yet.
struct NamedPictures: Sendable {
  /// One of them.
  private enum Source {
    case here(InputImage)
    case at(String)
  }

  private var images: [Source] = []
  private var mask: Source?

  /// Reads `images: [{"image_url": …}]` and `mask: {"image_url": …}`; an entry is `{"image_url": URL}`,
  /// `{"image_url": {"url": URL}}` or the URL alone.
  /// - Parameters:
  ///   - most: pictures in `images`.
  ///   - imageLimit: bytes of one picture.
  /// - Throws: `OpenAIError`, for a URL that is of no use, or a `data:` URL without a picture.
  init(of object: JSONSlice, most: Int, imageLimit: Int) throws(OpenAIError) {
    if object["images"]?.isNull == false, object["image"]?.isNull == false {
      throw .invalidRequest(
        "The pictures stand in 'images' and in 'image'. Send all of them in 'images'.",
        param: "image")
    }
    let list = object["images"].flatMap { $0.isNull ? nil : $0 } ?? object["image"]
    let entries =
      list?.kind == .array
      ? list.map { Array($0.elements.prefix(most + 1)) } ?? [] : [list].compactMap(\.self)
    guard entries.count <= most else { throw ImagesCall.tooMany }
    for entry in entries { images.append(try Self.source(entry, "images", imageLimit)) }
    if let entry = object["mask"], !entry.isNull {
      mask = try Self.source(entry, "mask", imageLimit)
    }
  }

  /// Whether there is no picture to change.
  var isEmpty: Bool { images.isEmpty }

  private static func source(
    _ entry: JSONSlice, _ param: String, _ imageLimit: Int
  ) throws(OpenAIError) -> Source {
    let url = entry["image_url"] ?? entry
    let inner = url["url"] ?? url
    guard inner.kind == .string, let text = inner.stringBytes else { throw rule(param) }
    if text.starts(with: "data:".utf8) {
      guard let bytes = Base64.decode(text[...]) else { throw rule(param) }
      return .here(try ImagesCall.picture(bytes, param, imageLimit))
    }
    guard let address = inner.string, address.contains("://") else { throw rule(param) }
    return .at(address)
  }

  // MARK: Fetching

  /// Puts the pictures into a request, those at URLs too.
  /// - Parameter totalLimit: bytes of all that are fetched: a short body must not bring more than a
  ///   long one.
  /// - Throws: `OpenAIError`, for a URL whose picture is of no use.
  func put(
    into request: inout ImageRequest, fetch: InputImageFetch, totalLimit: Int
  ) async throws(OpenAIError) {
    var left = totalLimit
    for source in images {
      request.images.append(try await Self.picture(source, "images", fetch, &left, totalLimit))
    }
    if let mask {
      request.mask = try await Self.picture(mask, "mask", fetch, &left, totalLimit)
    }
  }

  private static func picture(
    _ source: Source, _ param: String, _ fetch: InputImageFetch, _ left: inout Int,
    _ totalLimit: Int
  ) async throws(OpenAIError) -> InputImage {
    let picture: InputImage
    switch source {
    case .here(let given): return given
    case .at(let address):
      do throws(ImageFailure) { picture = try await fetch.picture(at: address) } catch {
        throw Self.error(error, param)
      }
    }
    left -= picture.bytes.count
    guard left >= 0 else {
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
