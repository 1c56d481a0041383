internal import HTTP
package import OpenAIWire

/// Calls that bring pictures.
extension ImagesCall {
  /// Pictures of one edit (platform.openai.com/docs/api-reference/images/createEdit).
  private static let mostImages = 16

  /// Reads the body of `POST /v1/images/edits`: a form, or the JSON that OpenAI takes too.
  /// - Parameters:
  ///   - imageLimit: bytes of one picture.
  ///   - totalLimit: bytes of all pictures that are fetched.
  ///   - fetch: gets those that are named by their URLs.
  /// - Throws: `OpenAIError` with status 400 that names the field and what is allowed.
  package static func edit(
    _ body: [UInt8], contentType: String?, imageLimit: Int, totalLimit: Int,
    fetch: InputImageFetch
  ) async throws(OpenAIError) -> ImagesCall {
    var call = ImagesCall(request: ImageRequest(prompt: ""))
    call.request.operation = .edit
    if contentType?.lowercased().hasPrefix("multipart/") == true {
      let form = try FormParameters(body, contentType: contentType ?? "")
      call.request.prompt = try prompt(form)
      try call.read(form)
      try call.takeFiles(of: form, imageLimit)
    } else {
      let object = try object(body)
      let parameters = JSONParameters(object: object)
      call.request.prompt = try prompt(parameters)
      try call.read(parameters)
      let pictures = NamedPictures(imageLimit: imageLimit, totalLimit: totalLimit, fetch: fetch)
      try await call.takePictures(of: object, pictures)
    }
    guard !call.request.images.isEmpty else {
      throw .invalidRequest(
        "The field 'image' must hold the picture to change: a PNG, JPEG or WebP file.",
        param: "image")
    }
    if let mask = call.request.mask, mask.format != .png {
      throw .invalidRequest("The field 'mask' must be a PNG file.", param: "mask")
    }
    return call
  }

  /// Reads the body of `POST /v1/images/variations`, a form.
  /// - Parameter imageLimit: bytes of one picture.
  /// - Throws: `OpenAIError` with status 400 that names the field and what is allowed.
  package static func variation(
    _ body: [UInt8], contentType: String?, imageLimit: Int
  ) throws(OpenAIError) -> ImagesCall {
    let form = try FormParameters(body, contentType: contentType ?? "")
    var call = ImagesCall(request: ImageRequest(prompt: ""))
    call.request.operation = .variation
    try call.read(form)
    try call.takeFiles(of: form, imageLimit)
    guard call.request.images.count == 1, call.request.mask == nil else {
      throw .invalidRequest(
        "The field 'image' must hold exactly one picture: a PNG, JPEG or WebP file.",
        param: "image")
    }
    return call
  }

  private mutating func takeFiles(
    of form: FormParameters, _ limit: Int
  ) throws(OpenAIError) {
    for file in form.files {
      switch file.name {
      case "image": try add(Array(file.bytes), limit)
      case "mask":
        guard request.mask == nil else {
          throw .invalidRequest("The field 'mask' stands twice in the form.", param: "mask")
        }
        request.mask = try Self.picture(Array(file.bytes), "mask", limit)
      default:
        throw .invalidRequest(
          "The file '\(file.name.prefix(64))' is unknown. Known are image and mask.",
          param: String(file.name.prefix(64)))
      }
    }
  }

  /// `images: [{"image_url": …}]` and `mask: {"image_url": …}`.
  private mutating func takePictures(
    of object: JSONSlice, _ pictures: NamedPictures
  ) async throws(OpenAIError) {
    let list = object["images"] ?? object["image"]
    let entries =
      list?.kind == .array ? list.map { Array($0.elements) } ?? [] : [list].compactMap(\.self)
    // Before any is fetched.
    guard entries.count <= Self.mostImages else { throw Self.tooMany }
    var pictures = pictures
    for entry in entries { request.images.append(try await pictures.picture(entry, "images")) }
    if let mask = object["mask"], !mask.isNull {
      request.mask = try await pictures.picture(mask, "mask")
    }
  }

  private static var tooMany: OpenAIError {
    .invalidRequest("At most \(mostImages) pictures can be sent in 'image'.", param: "image")
  }

  private mutating func add(_ bytes: [UInt8], _ limit: Int) throws(OpenAIError) {
    guard request.images.count < Self.mostImages else { throw Self.tooMany }
    request.images.append(try Self.picture(bytes, "image", limit))
  }

  static func picture(
    _ bytes: [UInt8], _ param: String, _ limit: Int
  ) throws(OpenAIError) -> InputImage {
    guard bytes.count <= limit else {
      throw .payloadTooLarge("A picture in '\(param)' is larger than \(limit) bytes.")
    }
    guard let image = InputImage(bytes) else {
      throw .invalidRequest(
        "The file in '\(param)' is no picture. Send PNG, JPEG or WebP.", param: param)
    }
    return image
  }
}
