internal import HTTP
internal import OpenAIWire

/// Imagen (ai.google.dev/gemini-api/docs/imagen,
/// cloud.google.com/vertex-ai/generative-ai/docs/model-reference/imagen-api). It draws from words
/// alone; a seed and a negative prompt it knows on Vertex only.
struct ImagenAdapter: ImageAdapter {
  func draw(
    _ job: ImageJob, over link: ProviderLink
  ) async throws(ImageFailure) -> ProviderAnswer {
    guard job.request.operation == .generate else {
      throw ImageFailure(.badRequest, "\(job.model.id) changes no pictures.")
    }
    var ledger = ParameterLedger(job)
    let api = GoogleAPI(link: link)
    let body = Self.body(job, &ledger, isVertex: api.isVertex)
    let reply = try await link.post(
      api.url(job.model, "predict"), api.headers, json: body, pays: true, pictures: job.count)
    var answer = try Self.decode(reply, over: link)
    answer.adjusted = ledger.adjusted
    return answer
  }

  // MARK: Request

  private static func body(
    _ job: ImageJob, _ ledger: inout ParameterLedger, isVertex: Bool
  ) -> [UInt8] {
    let negative = isVertex ? ledger.negativePrompt() : nil
    let prompt = ledger.prompt()
    let ratio = ledger.aspectRatio()
    // An int32 from 1 on (docs.cloud.google.com/vertex-ai/generative-ai/docs/image,
    // generate-deterministic-images).
    let seed = isVertex ? ledger.seed(in: 1...Int(Int32.max)) : nil
    let format = ledger.outputFormat(of: ["png", "jpeg"])
    let quality = format == "jpeg" ? ledger.outputCompression() : nil
    let options = job.model.options
    return JSONWriter.object { writer in
      writer.key("instances")
      writer.beginArray()
      writer.beginObject()
      writer.member("prompt", prompt)
      writer.endObject()
      writer.endArray()
      writer.key("parameters")
      writer.beginObject()
      writer.member("sampleCount", job.count)
      writer.member("aspectRatio", ratio?.description)
      writer.member("sampleImageSize", options["resolution"])
      writer.member("negativePrompt", negative)
      if let seed {
        writer.member("seed", seed)
        // A seed and the watermark exclude each other.
        writer.member("addWatermark", false)
      }
      writer.member("personGeneration", options["personGeneration"])
      writer.member("safetySetting", options["safetySetting"])
      // Without it a picture that is held back is missing without a word.
      writer.member("includeRaiReason", true)
      if let format {
        writer.key("outputOptions")
        writer.beginObject()
        writer.member("mimeType", "image/\(format)")
        writer.member("compressionQuality", quality)
        writer.endObject()
      }
      writer.endObject()
    }
  }

  // MARK: Answer

  /// Where all pictures are held back the answer is a 200 without predictions, or with reasons in
  /// place of pictures.
  static func decode(
    _ answer: ClientAnswer, over link: ProviderLink
  ) throws(ImageFailure) -> ProviderAnswer {
    guard answer.head.status == 200 else { throw GoogleFailure.read(answer, link) }
    guard let object = try? JSONSlice.parse(answer.body), object.kind == .object else {
      throw link.malformed("answered with something that is no JSON object")
    }
    guard object["error"] == nil else { throw GoogleFailure.read(answer, link) }
    var pictures: [ProviderPicture] = []
    var reason: String?
    for prediction in object["predictions"].map({ Array($0.elements) }) ?? [] {
      if let data = prediction["bytesBase64Encoded"], data.kind == .string {
        // Vertex tells the prompt as it has rewritten it.
        pictures.append(
          ProviderPicture(
            base64: data.raw.dropFirst().dropLast(), revisedPrompt: prediction["prompt"]?.string))
      } else {
        reason = reason ?? prediction["raiFilteredReason"]?.string
      }
    }
    guard !pictures.isEmpty else {
      throw link.refused(
        reason ?? object["raiFilteredReason"]?.string ?? "all pictures were held back")
    }
    return ProviderAnswer(pictures: pictures)
  }

  // MARK: Key and models

  func checkKey(over link: ProviderLink) async throws(ImageFailure) {
    try await GoogleAPI(link: link).checkKey()
  }

  func listModels(over link: ProviderLink) async throws(ImageFailure) -> [String]? {
    try await GoogleAPI(link: link).models(with: "predict")
  }
}
