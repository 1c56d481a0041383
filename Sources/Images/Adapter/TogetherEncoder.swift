internal import OpenAIWire

/// Writes requests for Together's images API (docs.together.ai/reference/post-images-generations).
struct TogetherEncoder {
  let body: [UInt8]
  /// What of the request could not be honoured.
  let adjusted: [String]

  init(_ job: ImageJob) {
    var ledger = ParameterLedger(job)
    body = JSONWriter.object { writer in
      writer.member("model", job.model.wireID)
      let negative = ledger.negativePrompt()
      writer.member("prompt", ledger.prompt())
      writer.member("negative_prompt", negative)
      writer.member("n", job.count)
      Self.writeSize(job.model, &ledger, to: &writer)
      writer.member("steps", ledger.steps() ?? job.model.options["steps"].flatMap { Int($0) })
      writer.member("guidance_scale", ledger.guidance())
      writer.member("seed", ledger.seed())
      writer.member("output_format", ledger.outputFormat(of: ["jpeg", "png"]))
      // In the answer itself: its URLs want a named client, and cost a second request.
      writer.member("response_format", "base64")
      if job.request.operation == .edit { Self.writeImages(job, &ledger, to: &writer) }
    }
    adjusted = ledger.adjusted
  }

  /// As pixels, or as a shape for the models that know no pixels (FLUX.1 schnell and Kontext).
  private static func writeSize(
    _ model: ImageModel, _ ledger: inout ParameterLedger, to writer: inout JSONWriter
  ) {
    if case .ratios = model.sizes {
      writer.member("aspect_ratio", ledger.aspectRatio()?.description)
    } else if let size = ledger.size() {
      writer.member("width", size.width)
      writer.member("height", size.height)
    }
  }

  /// FLUX.1 Kontext changes one picture; later models take a list to draw after.
  private static func writeImages(
    _ job: ImageJob, _ ledger: inout ParameterLedger, to writer: inout JSONWriter
  ) {
    let images = job.request.images
    guard job.model.capabilities.contains(.multipleInputs) else {
      if let image = images.first { writer.member("image_url", raw: image.jsonDataURL) }
      if images.count > 1 { ledger.note("image", "\(job.model.id) takes one picture") }
      return
    }
    writer.key("reference_images")
    writer.beginArray()
    for image in images { writer.value(raw: image.jsonDataURL) }
    writer.endArray()
  }
}
