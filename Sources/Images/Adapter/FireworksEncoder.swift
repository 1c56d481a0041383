internal import OpenAIWire

/// Writes requests for Fireworks' image workflows
/// (docs.fireworks.ai/api-reference/generate-a-new-image-from-a-text-prompt and
/// docs.fireworks.ai/api-reference/generate-or-edit-image-using-flux-kontext).
struct FireworksEncoder {
  /// Of the model, below `workflows/`.
  let path: String
  /// Whether the answer names a job in place of pictures.
  let isJob: Bool
  let body: [UInt8]
  /// What of the request could not be honoured.
  let adjusted: [String]

  /// The shapes that FLUX.1 makes there.
  private static let ratios = [
    "1:1", "21:9", "16:9", "3:2", "5:4", "4:5", "2:3", "9:16", "9:21", "4:3", "3:4",
  ].compactMap { AspectRatio($0) }

  /// Nil for what the model's workflow does not do.
  init?(_ job: ImageJob) {
    var job = job
    if case .ratios = job.model.sizes {} else { job.model.sizes = .ratios(Self.ratios) }
    let name = job.model.wireID
    path = "workflows/" + (name.contains("/") ? name : "accounts/fireworks/models/\(name)")
    isJob = job.model.options["workflow"] == "kontext" || name.contains("kontext")
    switch job.request.operation {
    case .generate: break
    // Only Kontext looks at pictures.
    case .edit where isJob && !job.request.images.isEmpty: break
    case .edit, .variation: return nil
    }
    var ledger = ParameterLedger(job)
    body = isJob ? Self.kontext(job, &ledger) : Self.textToImage(job, &ledger)
    adjusted = ledger.adjusted
  }

  private static func textToImage(_ job: ImageJob, _ ledger: inout ParameterLedger) -> [UInt8] {
    JSONWriter.object { writer in
      writer.member("prompt", ledger.prompt())
      writer.member("aspect_ratio", ledger.aspectRatio()?.description)
      writer.member("guidance_scale", ledger.guidance())
      writer.member(
        "num_inference_steps", ledger.steps() ?? job.model.options["steps"].flatMap { Int($0) })
      writer.member("seed", ledger.seed())
    }
  }

  private static func kontext(_ job: ImageJob, _ ledger: inout ParameterLedger) -> [UInt8] {
    JSONWriter.object { writer in
      writer.member("prompt", ledger.prompt())
      if let image = job.request.images.first {
        writer.member("input_image", raw: image.jsonDataURL)
        if job.request.images.count > 1 {
          ledger.note("image", "\(job.model.id) takes one picture")
        }
      }
      writer.member("aspect_ratio", ledger.aspectRatio()?.description)
      writer.member("seed", ledger.seed())
      writer.member("output_format", ledger.outputFormat(of: ["png", "jpeg"]))
    }
  }
}
