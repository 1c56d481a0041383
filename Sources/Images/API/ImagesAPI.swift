package import OpenAIWire

/// OpenAI's images API as its clients speak it
/// (platform.openai.com/docs/api-reference/images/create).
package enum ImagesAPI {
  /// How pictures are put into an answer.
  package enum ResponseFormat: String, Sendable {
    case base64 = "b64_json"
    case url
  }

  /// Reads the body of `POST /v1/images/generations`.
  /// - Throws: `OpenAIError` with status 400 that names the field and what is allowed.
  package static func parse(
    _ body: [UInt8]
  ) throws(OpenAIError) -> (request: ImageRequest, format: ResponseFormat) {
    let object: JSONSlice
    do throws(JSONError) { object = try JSONSlice.parse(body) } catch { throw .invalidJSON(error) }
    guard object.kind == .object else {
      throw .invalidRequest("The request body must be a JSON object.")
    }
    guard let prompt = object["prompt"]?.string, !prompt.isEmpty, prompt.count <= 32_000 else {
      throw .invalidRequest(
        "The field 'prompt' must be a text of 1 to 32000 characters.", param: "prompt")
    }
    if object["stream"]?.bool == true {
      throw .invalidRequest(
        "Pictures are not streamed here. Leave 'stream' out.", param: "stream",
        code: "unsupported_parameter")
    }
    var request = ImageRequest(prompt: prompt)
    request.model = try text(object, "model", 256)
    request.quality = try text(object, "quality", 32)
    request.style = try text(object, "style", 32)
    request.background = try text(object, "background", 32)
    request.outputFormat = try text(object, "output_format", 32)
    request.moderation = try text(object, "moderation", 32)
    request.user = try text(object, "user", 512)
    request.negativePrompt = try text(object, "negative_prompt", 32_000)
    request.count = try integer(object, "n", 1...10) ?? 1
    request.outputCompression = try integer(object, "output_compression", 0...100)
    if let size = try text(object, "size", 32), size != "auto" {
      guard let parsed = ImageSize(size) else {
        throw .invalidRequest(
          "The field 'size' must be 'auto' or WIDTHxHEIGHT, such as 1024x1024.", param: "size")
      }
      request.size = parsed
    }
    return (request, try format(object))
  }

  private static func format(_ object: JSONSlice) throws(OpenAIError) -> ResponseFormat {
    guard let word = try text(object, "response_format", 32) else { return .base64 }
    guard let format = ResponseFormat(rawValue: word) else {
      throw .invalidRequest(
        "The field 'response_format' must be 'url' or 'b64_json'.", param: "response_format")
    }
    return format
  }

  private static func text(
    _ object: JSONSlice, _ key: String, _ limit: Int
  ) throws(OpenAIError) -> String? {
    guard let value = object[key], !value.isNull else { return nil }
    guard let text = value.string, text.count <= limit else {
      throw .invalidRequest(
        "The field '\(key)' must be a text of at most \(limit) characters.", param: key)
    }
    return text.isEmpty ? nil : text
  }

  private static func integer(
    _ object: JSONSlice, _ key: String, _ range: ClosedRange<Int>
  ) throws(OpenAIError) -> Int? {
    guard let value = object[key], !value.isNull else { return nil }
    guard let number = value.int, range.contains(number) else {
      throw .invalidRequest(
        "The field '\(key)' must be an integer from \(range.lowerBound) to \(range.upperBound).",
        param: key)
    }
    return number
  }

  /// The body of an answer.
  /// - Parameters:
  ///   - ids: of the pictures in the store, in their order.
  ///   - url: of a picture's id.
  ///   - created: seconds since 1970.
  package static func answer(
    _ result: ImageResult, ids: [String], format: ResponseFormat, created: Int,
    url: (String) -> String
  ) -> [UInt8] {
    let total = format == .base64 ? result.images.reduce(0) { $0 + $1.bytes.count } : 0
    var writer = JSONWriter(capacity: total / 3 * 4 + 1024)
    writer.beginObject()
    writer.member("created", created)
    writer.key("data")
    writer.beginArray()
    for (image, id) in zip(result.images, ids) {
      writer.beginObject()
      switch format {
      case .url: writer.member("url", url(id))
      case .base64:
        var text = [UInt8(ascii: "\"")]
        Base64.append(image.bytes, to: &text)
        text.append(UInt8(ascii: "\""))
        writer.member("b64_json", raw: text)
      }
      writer.member("revised_prompt", image.revisedPrompt)
      writer.endObject()
    }
    writer.endArray()
    if let first = result.images.first {
      writer.member("output_format", first.format.rawValue)
      writer.member("size", first.format.size(of: first.bytes)?.description)
    }
    if let usage = result.usage { writer.member("usage", raw: usage) }
    writer.key("easel")
    writer.beginObject()
    writer.member("provider", result.model.provider)
    writer.member("model", result.model.id)
    writer.member("cost_usd", result.cost)
    list(result.adjusted, "adjusted", to: &writer)
    list(ids, "images", to: &writer)
    writer.endObject()
    writer.endObject()
    return writer.bytes
  }

  private static func list(_ texts: [String], _ key: String, to writer: inout JSONWriter) {
    writer.key(key)
    writer.beginArray()
    for text in texts { writer.value(text) }
    writer.endArray()
  }
}
