internal import HTTP
internal import OpenAIWire

/// Reads answers of `:generateContent`, where a refusal looks like a success without a picture
/// (ai.google.dev/api/generate-content#FinishReason).
enum GeminiDecoder {
  /// Ends of a candidate that are about its content.
  private static let refusals: Set<String> = [
    "SAFETY", "IMAGE_SAFETY", "PROHIBITED_CONTENT", "IMAGE_PROHIBITED_CONTENT", "BLOCKLIST", "SPII",
    "RECITATION", "IMAGE_RECITATION",
  ]

  static func decode(
    _ answer: ClientAnswer, over link: ProviderLink
  ) throws(ImageFailure) -> ProviderAnswer {
    guard answer.head.status == 200 else { throw GoogleFailure.read(answer, link) }
    guard let object = try? JSONSlice.parse(answer.body), object.kind == .object else {
      throw link.malformed("answered with something that is no JSON object")
    }
    guard object["error"] == nil else { throw GoogleFailure.read(answer, link) }
    var pictures: [ProviderPicture] = []
    var words = ""
    for candidate in object["candidates"].map({ Array($0.elements) }) ?? [] {
      guard let parts = candidate["content"]?["parts"] else { continue }
      // Thoughts can hold pictures too: drafts, which are not the answer.
      for part in parts.elements where part["thought"]?.bool != true {
        if let picture = picture(part) {
          pictures.append(picture)
        } else if let text = part["text"]?.string, words.utf8.count < 1000 {
          words += text
        }
      }
    }
    guard !pictures.isEmpty else { throw failure(object, words, link) }
    return ProviderAnswer(pictures: pictures, usage: usage(object["usageMetadata"]))
  }

  private static func picture(_ part: JSONSlice) -> ProviderPicture? {
    guard let inline = part["inlineData"], let data = inline["data"], data.kind == .string,
      inline["mimeType"]?.string?.hasPrefix("image/") == true
    else { return nil }
    return ProviderPicture(base64: data.raw.dropFirst().dropLast())
  }

  /// Why there is no picture.
  private static func failure(
    _ object: JSONSlice, _ words: String, _ link: ProviderLink
  ) -> ImageFailure {
    if let feedback = object["promptFeedback"], let reason = feedback["blockReason"]?.string {
      let message = feedback["blockReasonMessage"]?.string ?? "the prompt was blocked"
      return link.refused("\(message) (\(reason))")
    }
    guard let candidate = object["candidates"]?[0] else {
      return link.malformed("answered without a picture")
    }
    let reason = candidate["finishReason"]?.string ?? "STOP"
    if refusals.contains(reason) {
      let message = candidate["finishMessage"]?.string ?? "the picture was held back"
      return link.refused("\(message) (\(reason))")
    }
    guard reason == "STOP" else {
      return link.malformed("answered without a picture (\(reason.prefix(40)))")
    }
    // A model that had leave to draw and did not, has declined.
    return link.refused(words.isEmpty ? "answered without a picture" : words)
  }

  /// The usage in OpenAI's shape. Thoughts count as output, as they are billed, but not as picture,
  /// nor do words beside a picture: both cost a fraction of what it does
  /// (ai.google.dev/gemini-api/docs/pricing).
  private static func usage(_ usage: JSONSlice?) -> [UInt8]? {
    guard let usage, let input = usage["promptTokenCount"]?.int else { return nil }
    let thoughts = usage["thoughtsTokenCount"]?.int ?? 0
    let answered = usage["candidatesTokenCount"]?.int ?? 0
    let output = answered &+ thoughts
    return JSONWriter.object { writer in
      writer.member("input_tokens", input)
      writer.member("output_tokens", output)
      writer.member("total_tokens", usage["totalTokenCount"]?.int ?? input &+ output)
      if let details = usage["promptTokensDetails"] {
        let tokens = count(details)
        write("input_tokens_details", text: tokens.text, images: tokens.images, &writer)
      }
      if let details = usage["candidatesTokensDetails"] {
        let tokens = count(details)
        write(
          "output_tokens_details", text: max(tokens.text, answered &- tokens.images) &+ thoughts,
          images: tokens.images, &writer)
      } else if thoughts > 0 {
        write("output_tokens_details", text: thoughts, images: answered, &writer)
      }
    }
  }

  /// Tokens by their modality.
  private static func count(_ details: JSONSlice) -> (text: Int, images: Int) {
    var (text, images) = (0, 0)
    for detail in details.elements {
      let count = detail["tokenCount"]?.int ?? 0
      if detail["modality"]?.isString("IMAGE") == true { images &+= count } else { text &+= count }
    }
    return (text, images)
  }

  private static func write(
    _ name: String, text: Int, images: Int, _ writer: inout JSONWriter
  ) {
    writer.key(name)
    writer.beginObject()
    writer.member("text_tokens", text)
    writer.member("image_tokens", images)
    writer.endObject()
  }
}
