internal import OpenAIWire

/// Answers of OpenAI's images API: one body, or a stream of events
/// (platform.openai.com/docs/api-reference/images, images-streaming).
package struct ImagesAnswer {
  private let result: ImageResult
  private let ids: [String]
  private let created: Int

  /// - Parameters:
  ///   - ids: of the pictures in the store, in their order.
  ///   - created: seconds since 1970.
  package init(_ result: ImageResult, ids: [String], created: Int) {
    self.result = result
    self.ids = ids
    self.created = created
  }

  /// The whole body.
  /// - Parameter urls: of the pictures, in their order; nil where they go as base64.
  package func body(urls: [String]?) -> [UInt8] {
    let total = urls == nil ? result.images.reduce(0) { $0 + $1.bytes.count } : 0
    // With room for all of it: to grow would hold it twice.
    var writer = JSONWriter(capacity: (total + 2) / 3 * 4 + 4096)
    writer.beginObject()
    writer.member("created", created)
    writer.key("data")
    writer.beginArray()
    for (index, image) in result.images.enumerated() {
      writer.beginObject()
      if let urls {
        writer.member("url", urls[index])
      } else {
        writer.member("b64_json", base64: image.bytes)
      }
      writer.member("revised_prompt", image.revisedPrompt)
      writer.endObject()
    }
    writer.endArray()
    if let first = result.images.first {
      writer.member("output_format", first.format.rawValue)
      writer.member("size", first.size?.description)
      first.look?.write(to: &writer)
    }
    if let usage = result.usage { writer.member("usage", raw: usage) }
    writer.key("easel")
    account(to: &writer)
    writer.endObject()
    return writer.bytes
  }

  /// The event that a finished picture of a stream goes out with: its type, and its data, which is
  /// too long to be copied into one piece with what stands around it.
  /// - Parameter index: of the picture.
  package func completed(
    _ index: Int, operation: ImageRequest.Operation
  ) -> (type: String, data: [UInt8]) {
    let image = result.images[index]
    let type = Self.prefix(operation) + ".completed"
    var writer = JSONWriter(capacity: (image.bytes.count + 2) / 3 * 4 + 4096)
    writer.beginObject()
    writer.member("type", type)
    writer.member("b64_json", base64: image.bytes)
    writer.member("created_at", created)
    Self.look(image.format, size: image.size, image.look, to: &writer)
    writer.member("usage", raw: usage(of: index))
    writer.key("easel")
    account(to: &writer)
    writer.endObject()
    return (type, writer.bytes)
  }

  /// The event that an unfinished picture goes out with.
  package static func partial(
    _ picture: PartialImage, operation: ImageRequest.Operation, created: Int
  ) -> [UInt8] {
    let type = prefix(operation) + ".partial_image"
    let format = ImageFormat(sniffing: picture.bytes) ?? .png
    var writer = JSONWriter(capacity: (picture.bytes.count + 2) / 3 * 4 + 1024)
    writer.beginObject()
    writer.member("type", type)
    writer.member("b64_json", base64: picture.bytes)
    writer.member("partial_image_index", picture.index)
    writer.member("created_at", created)
    look(format, size: format.size(of: picture.bytes), picture.look, to: &writer)
    writer.endObject()
    return SSEWriter.event(data: writer.bytes, event: type)
  }

  /// The SDKs' types of these events have each of these members.
  private static func look(
    _ format: ImageFormat, size: ImageSize?, _ look: PictureLook?, to writer: inout JSONWriter
  ) {
    writer.member("size", size?.description ?? "auto")
    writer.member("quality", look?.quality ?? "auto")
    writer.member("background", look?.background ?? "auto")
    writer.member("output_format", format.rawValue)
  }

  private static func prefix(_ operation: ImageRequest.Operation) -> String {
    operation == .generate ? "image_generation" : "image_edit"
  }

  private static let noUsage = Array(
    ("{\"total_tokens\":0,\"input_tokens\":0,\"output_tokens\":0,"
      + "\"input_tokens_details\":{\"text_tokens\":0,\"image_tokens\":0}}").utf8)

  /// A picture's part of the usage: whoever adds up the events of a stream gets the whole.
  private func usage(of index: Int) -> [UInt8] {
    guard let usage = result.usage else { return Self.noUsage }
    return UsageTotal.part(index, of: result.images.count, usage)
  }

  /// What was drawn, by whom, for how much.
  private func account(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("provider", result.model.provider)
    writer.member("model", result.model.id)
    writer.member("cost_usd", dollars: result.cost)
    list("adjusted", result.adjusted, to: &writer)
    list("images", ids, to: &writer)
    writer.key("fallback")
    ImageResult.PassedOver.write(result.passedOver, to: &writer)
    writer.endObject()
  }

  private func list(_ key: String, _ texts: [String], to writer: inout JSONWriter) {
    writer.key(key)
    writer.beginArray()
    for text in texts { writer.value(text) }
    writer.endArray()
  }
}

extension JSONWriter {
  /// Writes a member with bytes as base64, without a text between.
  fileprivate mutating func member(_ key: String, base64 bytes: [UInt8]) {
    self.key(key)
    value { Base64.append(bytes, to: &$0) }
  }
}
