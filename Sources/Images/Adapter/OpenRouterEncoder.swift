internal import OpenAIWire

/// Writes requests for OpenRouter, either for pictures through chat
/// (openrouter.ai/docs/guides/overview/multimodal/image-generation) or for its images API, where
/// the models live that make pictures alone (openrouter.ai/docs/api/api-reference/images).
struct OpenRouterEncoder {
  let path: String
  let body: [UInt8]
  /// What of the request could not be honoured.
  let adjusted: [String]

  /// The shapes of `image_config`.
  private static let ratios = [
    "1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9",
  ].compactMap { AspectRatio($0) }

  init(_ job: ImageJob) {
    var ledger = ParameterLedger(job)
    if job.model.options["endpoint"] == "images" {
      path = "images"
      body = Self.images(job, &ledger)
      adjusted = ledger.adjusted
      return
    }
    path = "chat/completions"
    var job = job
    if case .ratios = job.model.sizes {
    } else {
      job.model.sizes = .ratios(Self.ratios)
      ledger = ParameterLedger(job)
    }
    body = Self.chat(job, &ledger)
    adjusted = ledger.adjusted
  }

  // MARK: Chat

  private static func chat(_ job: ImageJob, _ ledger: inout ParameterLedger) -> [UInt8] {
    let model = job.model
    return JSONWriter.object { writer in
      writer.member("model", model.wireID)
      writer.key("messages")
      writer.beginArray()
      writer.beginObject()
      writer.member("role", "user")
      writeContent(job, ledger.prompt(), to: &writer)
      writer.endObject()
      writer.endArray()
      writer.key("modalities")
      writer.beginArray()
      writer.value("image")
      // Models that make pictures alone turn `text` down.
      if model.options["modalities"] != "image" { writer.value("text") }
      writer.endArray()
      let ratio = ledger.aspectRatio()?.description
      let size = imageSize(model, &ledger)
      if ratio != nil || size != nil {
        writer.key("image_config")
        writer.beginObject()
        writer.member("aspect_ratio", ratio)
        writer.member("image_size", size)
        writer.endObject()
      }
      writer.member("seed", ledger.seed())
      writer.member("user", ledger.user())
    }
  }

  private static func writeContent(
    _ job: ImageJob, _ prompt: String, to writer: inout JSONWriter
  ) {
    guard job.request.operation == .edit else { return writer.member("content", prompt) }
    writer.key("content")
    writer.beginArray()
    writer.beginObject()
    writer.member("type", "text")
    writer.member("text", prompt)
    writer.endObject()
    writeImages(job.request.images, to: &writer)
    writer.endArray()
  }

  private static func writeImages(_ images: [InputImage], to writer: inout JSONWriter) {
    for image in images {
      writer.beginObject()
      writer.member("type", "image_url")
      writer.key("image_url")
      writer.beginObject()
      writer.member("url", raw: image.jsonDataURL)
      writer.endObject()
      writer.endObject()
    }
  }

  /// How many pixels, in the only words that `image_config` has for it.
  private static func imageSize(_ model: ImageModel, _ ledger: inout ParameterLedger) -> String? {
    let fixed = model.options["image_size"]
    guard let word = ledger.quality() else { return fixed }
    switch word {
    case "fast", "low", "standard", "1K": return "1K"
    case "medium", "high", "hd", "2K": return "2K"
    case "ultra", "4K": return "4K"
    default:
      if word != "auto" { ledger.note("quality", "\(model.id) does not know \(word)") }
      return fixed
    }
  }

  // MARK: Images API

  private static func images(_ job: ImageJob, _ ledger: inout ParameterLedger) -> [UInt8] {
    let model = job.model
    return JSONWriter.object { writer in
      writer.member("model", model.wireID)
      writer.member("prompt", ledger.prompt())
      writer.member("n", job.count)
      if case .ratios = model.sizes {
        writer.member("aspect_ratio", ledger.aspectRatio()?.description)
      } else {
        writer.member("size", ledger.size()?.description)
      }
      writer.member("resolution", model.options["resolution"])
      writer.member("quality", quality(model, &ledger))
      writer.member("background", ledger.background())
      writer.member("output_format", ledger.outputFormat())
      writer.member("output_compression", ledger.outputCompression())
      writer.member("seed", ledger.seed())
      if job.request.operation == .edit {
        writer.key("input_references")
        writer.beginArray()
        writeImages(job.request.images, to: &writer)
        writer.endArray()
      }
    }
  }

  private static func quality(_ model: ImageModel, _ ledger: inout ParameterLedger) -> String? {
    guard let word = ledger.quality() else { return model.options["quality"] }
    switch word {
    case "fast", "low": return "low"
    case "standard", "medium": return "medium"
    case "high", "hd", "ultra": return "high"
    default:
      if word != "auto" { ledger.note("quality", "\(model.id) does not know \(word)") }
      return "auto"
    }
  }
}
