internal import OpenAIWire

/// The images API of OpenAI, with its differences between families of models.
struct SimulatedImageModel: Sendable {
  let request: SimulatedImagesRequest
  /// Seconds since 1970.
  let created: Int

  /// The pictures of a request. Takes milliseconds of processor time for each.
  /// - Throws: `OpenAIError` where there is no memory.
  func draw() throws(OpenAIError) -> [[UInt8]] {
    var pictures: [[UInt8]] = []
    for index in 0..<request.count { pictures.append(try picture(index, [])) }
    return pictures
  }

  /// The unfinished pictures of a request, in order.
  func drawPartial() throws(OpenAIError) -> [[UInt8]] {
    var pictures: [[UInt8]] = []
    for index in 0..<request.partialImages { pictures.append(try picture(0, ["step \(index)"])) }
    return pictures
  }

  private func picture(_ index: Int, _ details: [String]) throws(OpenAIError) -> [UInt8] {
    let picture = SimulatedPicture(
      width: request.width, height: request.height, prompt: request.prompt,
      details: ["\(request.width)x\(request.height)", request.quality, request.model] + details,
      index: index)
    guard let png = picture.png() else { throw .internal() }
    return png
  }

  /// The answer in one piece.
  /// - Parameter urls: of the pictures; empty to answer with base64.
  func body(_ pictures: [[UInt8]], urls: [String]) -> [UInt8] {
    JSONWriter.object { writer in
      writer.member("created", created)
      writer.key("data")
      writer.beginArray()
      for (index, picture) in pictures.enumerated() {
        writer.beginObject()
        if urls.isEmpty {
          writer.member("b64_json", raw: Self.quoted(picture))
        } else {
          writer.member("url", urls[index])
        }
        if request.model.contains("dall-e-3") {
          writer.member("revised_prompt", "A detailed picture: \(request.prompt)")
        }
        writer.endObject()
      }
      writer.endArray()
      writer.member("usage", raw: Self.usage)
    }
  }

  /// The answer as events (platform.openai.com/docs/api-reference/images-streaming).
  func events(partial: [[UInt8]], pictures: [[UInt8]]) -> [[UInt8]] {
    let prefix = request.operation == .edit ? "image_edit" : "image_generation"
    return partial.enumerated().map { index, picture in
      event("\(prefix).partial_image", picture) { writer in
        writer.member("partial_image_index", index)
      }
    }
      + pictures.map { picture in
        event("\(prefix).completed", picture) { writer in writer.member("usage", raw: Self.usage) }
      }
  }

  private func event(
    _ type: String, _ picture: [UInt8], _ rest: (inout JSONWriter) -> Void
  ) -> [UInt8] {
    let data = JSONWriter.object { writer in
      writer.member("type", type)
      writer.member("b64_json", raw: Self.quoted(picture))
      writer.member("created_at", created)
      writer.member("size", "\(request.width)x\(request.height)")
      writer.member("quality", request.quality == "auto" ? "high" : request.quality)
      writer.member("background", request.background == "auto" ? "opaque" : request.background)
      writer.member("output_format", request.outputFormat)
      rest(&writer)
    }
    return SSEWriter.event(data: data, event: type)
  }

  private static func quoted(_ picture: [UInt8]) -> [UInt8] {
    [0x22] + Base64.encode(picture) + [0x22]
  }

  private static let usage = Array(
    ("{\"total_tokens\":100,\"input_tokens\":50,\"output_tokens\":50,"
      + "\"input_tokens_details\":{\"text_tokens\":50,\"image_tokens\":0}}").utf8)
}
