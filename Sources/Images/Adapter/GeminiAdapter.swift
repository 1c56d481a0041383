internal import HTTP
internal import OpenAIWire

/// Gemini models that answer with pictures
/// (ai.google.dev/gemini-api/docs/image-generation, ai.google.dev/api/generate-content).
/// They make one picture a call, and edit by being shown pictures.
struct GeminiAdapter: ImageAdapter {
  func draw(
    _ job: ImageJob, over link: ProviderLink
  ) async throws(ImageFailure) -> ProviderAnswer {
    guard job.request.operation != .variation else {
      throw ImageFailure(.badRequest, "\(job.model.id) makes no variations.")
    }
    var ledger = ParameterLedger(job)
    let body = Self.body(job, &ledger)
    let api = GoogleAPI(link: link)
    let reply = try await link.post(
      api.url(job.model, "generateContent"), api.headers, json: body, pays: true,
      pictures: job.count)
    var answer = try GeminiDecoder.decode(reply, over: link)
    answer.adjusted = ledger.adjusted
    return answer
  }

  private static func body(_ job: ImageJob, _ ledger: inout ParameterLedger) -> [UInt8] {
    let prompt = ledger.prompt()
    let ratio = ledger.aspectRatio()
    let size = imageSize(job.model, &ledger)
    // An int32 (ai.google.dev/api/generate-content#generationconfig).
    let seed = ledger.seed(in: 0...Int(Int32.max))
    let images = job.request.operation == .edit ? job.request.images : []
    return JSONWriter.object { writer in
      writer.key("contents")
      writer.beginArray()
      writer.beginObject()
      writer.member("role", "user")
      writer.key("parts")
      writer.beginArray()
      writer.beginObject()
      writer.member("text", prompt)
      writer.endObject()
      for image in images { write(image, &writer) }
      writer.endArray()
      writer.endObject()
      writer.endArray()
      writer.key("generationConfig")
      writer.beginObject()
      // With words allowed a model that declines says why.
      writer.member("responseModalities", raw: Array("[\"TEXT\",\"IMAGE\"]".utf8))
      if ratio != nil || size != nil {
        writer.key("imageConfig")
        writer.beginObject()
        writer.member("aspectRatio", ratio?.description)
        writer.member("imageSize", size)
        writer.endObject()
      }
      writer.member("seed", seed)
      writer.endObject()
    }
  }

  private static func write(_ image: InputImage, _ writer: inout JSONWriter) {
    var data: [UInt8] = [UInt8(ascii: "\"")]
    Base64.append(image.bytes, to: &data)
    data.append(UInt8(ascii: "\""))
    writer.beginObject()
    writer.key("inlineData")
    writer.beginObject()
    writer.member("mimeType", image.format.contentType)
    writer.member("data", raw: data)
    writer.endObject()
    writer.endObject()
  }

  /// The model's fixed resolution, or the one that a word for quality stands for. It changes the
  /// price, so a model gives no more than its tier is for.
  private static func imageSize(_ model: ImageModel, _ ledger: inout ParameterLedger) -> String? {
    if let fixed = model.options["resolution"] { return fixed }
    guard let word = ledger.quality() else { return nil }
    let sizes = ["1K", "2K", "4K"]
    let wanted = ["medium": 1, "high": 2, "hd": 2, "ultra": 2, "xhigh": 2, "max": 2][word] ?? 0
    if QualityWord(word) == .unknown { ledger.note("quality", "\(model.id) does not know \(word)") }
    let most = [QualityTier.ultra: 2, .high: 1][model.tier] ?? 0
    if wanted > most {
      ledger.note("quality", "\(sizes[most]) in place of \(sizes[wanted])")
    }
    return sizes[min(wanted, most)]
  }

  func checkKey(over link: ProviderLink) async throws(ImageFailure) {
    try await GoogleAPI(link: link).checkKey()
  }

  func listModels(over link: ProviderLink) async throws(ImageFailure) -> [String]? {
    try await GoogleAPI(link: link).models(with: "generateContent")
  }
}
