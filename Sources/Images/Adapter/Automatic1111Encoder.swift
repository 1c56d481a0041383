internal import OpenAIWire

/// Writes requests to txt2img and img2img. The model's name on the wire is its checkpoint, or
/// `default` for the one that is loaded; its options are `sampler`, `scheduler`, `steps`, `guidance`,
/// `size`, `denoising_strength` and `batch_size`, the pictures that the server's memory has room for
/// at once.
struct Automatic1111Encoder {
  /// `txt2img` or `img2img`.
  let method: String
  let body: [UInt8]
  /// Pictures that the answer may hold: a full last batch, and a grid.
  let pictures: Int
  let adjusted: [String]

  init(_ job: ImageJob) {
    let (model, request) = (job.model, job.request)
    let isEdit = request.operation != .generate
    var ledger = ParameterLedger(job)
    let negative = ledger.negativePrompt()
    let prompt = ledger.prompt()
    let size =
      ledger.size() ?? (isEdit ? Self.inputSize(job) : nil) ?? OwnServer.defaultSize(model)
    let seed = ledger.seed()
    let steps = ledger.steps() ?? model.options["steps"].flatMap { Int($0) }
    let guidance = ledger.guidance() ?? model.options["guidance"].flatMap { Double($0) }
    let mask = isEdit ? ledger.mask() : nil
    if isEdit, request.images.count > 1 {
      ledger.note("image", "the first of \(request.images.count)")
    }
    let batch = min(max(1, model.options["batch_size"].flatMap { Int($0) } ?? 1), job.count)
    let batches = (job.count + batch - 1) / batch
    method = isEdit ? "img2img" : "txt2img"
    pictures = batch * batches + 1
    adjusted = ledger.adjusted
    body = JSONWriter.object { writer in
      writer.member("prompt", prompt)
      writer.member("negative_prompt", negative)
      writer.member("width", size?.width)
      writer.member("height", size?.height)
      writer.member("steps", steps)
      writer.member("cfg_scale", guidance)
      writer.member("seed", seed)
      writer.member("sampler_name", model.options["sampler"])
      writer.member("scheduler", model.options["scheduler"])
      writer.member("n_iter", batches)
      writer.member("batch_size", batch)
      if isEdit { Self.write(request.images.first, mask, model, &writer) }
      if model.wireID != "default" {
        writer.key("override_settings")
        writer.beginObject()
        writer.member("sd_model_checkpoint", model.wireID)
        writer.endObject()
      }
      writer.member("send_images", true)
      writer.member("save_images", false)
      // By this name the task is recognised when it is to be interrupted.
      writer.member("force_task_id", job.idempotencyKey)
    }
  }

  private static func write(
    _ image: InputImage?, _ mask: InputImage?, _ model: ImageModel, _ writer: inout JSONWriter
  ) {
    writer.key("init_images")
    writer.beginArray()
    if let image { writer.value(raw: base64(image)) }
    writer.endArray()
    writer.member(
      "denoising_strength", model.options["denoising_strength"].flatMap { Double($0) } ?? 0.75)
    guard let mask else { return }
    writer.member("mask", raw: base64(mask))
    // Here opaque parts of a mask are drawn anew, in OpenAI's API transparent ones.
    writer.member("inpainting_mask_invert", 1)
    writer.member("inpainting_fill", 1)
    writer.member("inpaint_full_res", false)
  }

  private static func base64(_ image: InputImage) -> [UInt8] {
    var text: [UInt8] = [UInt8(ascii: "\"")]
    Base64.append(image.bytes, to: &text)
    text.append(UInt8(ascii: "\""))
    return text
  }

  /// The size of the picture to change, as far as the model makes it.
  private static func inputSize(_ job: ImageJob) -> ImageSize? {
    guard let size = job.request.images.first?.size else { return nil }
    return job.model.sizes.nearest(to: size) ?? size
  }
}
