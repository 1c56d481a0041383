internal import HTTP
package import OpenAIWire

/// Calls that bring pictures.
extension ImagesCall {
  /// Pictures of one edit (platform.openai.com/docs/api-reference/images/createEdit).
  private static let mostImages = 16

  /// Reads the body of `POST /v1/images/edits`: a form, or the JSON that OpenAI takes too.
  /// - Parameter imageLimit: bytes of one picture.
  /// - Throws: `OpenAIError` with status 400 that names the field and what is allowed.
  package static func edit(
    _ body: [UInt8], contentType: String?, imageLimit: Int
  ) throws(OpenAIError) -> ImagesCall {
    var call = ImagesCall(request: ImageRequest(prompt: ""))
    call.request.operation = .edit
    if contentType?.lowercased().hasPrefix("multipart/") == true {
      let form = try FormParameters(body, contentType: contentType ?? "")
      call.request.prompt = try prompt(form)
      try call.read(form)
      try call.takeFiles(of: form, imageLimit)
      try checkPictures(of: call.request)
    } else {
      let object = try object(body)
      let parameters = JSONParameters(object: object)
      call.request.prompt = try prompt(parameters)
      try call.read(parameters)
      let pictures = try NamedPictures(of: object, most: mostImages, imageLimit: imageLimit)
      guard !pictures.isEmpty else { throw noPicture }
      call.named = pictures
    }
    return call
  }

  /// The request with all of its pictures: those that the call names by URLs are fetched.
  /// - Parameter totalLimit: bytes of all pictures that are fetched.
  /// - Throws: `OpenAIError` with status 400 that names the field and what is allowed.
  package func requestWithPictures(
    fetch: InputImageFetch, totalLimit: Int
  ) async throws(OpenAIError) -> ImageRequest {
    var request = request
    if let named {
      try await named.put(into: &request, fetch: fetch, totalLimit: totalLimit)
      try Self.checkPictures(of: request)
    }
    return request
  }

  private static func checkPictures(of request: ImageRequest) throws(OpenAIError) {
    guard !request.images.isEmpty else { throw noPicture }
    if let mask = request.mask, mask.format != .png {
      throw .invalidRequest("The field 'mask' must be a PNG file.", param: "mask")
    }
  }

  private static var noPicture: OpenAIError {
    .invalidRequest(
      "The field 'image' must hold the picture to change: a PNG, JPEG or WebP file.",
      param: "image")
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
    for name in ["image", "images", "mask"] where form.names.contains(name) {
      throw .invalidRequest(
        "The field '\(name)' must be a file: its part of the form needs a filename. Pictures at "
          + "URLs are taken in a JSON body.", param: name)
    }
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

  static var tooMany: OpenAIError {
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
