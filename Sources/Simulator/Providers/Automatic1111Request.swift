internal import OpenAIWire

/// A request to txt2img or img2img. Stricter than the web UI, which overlooks unknown fields.
struct Automatic1111Request {
  let prompt: String
  let width: Int
  let height: Int
  let seed: Int
  /// `n_iter` times `batch_size`.
  let count: Int
  let checkpoint: String?
  let task: String

  private static let fields = [
    "prompt", "negative_prompt", "steps", "width", "height", "cfg_scale", "sampler_name",
    "scheduler", "seed", "n_iter", "batch_size", "override_settings", "send_images", "save_images",
    "force_task_id",
  ]
  private static let editFields = [
    "init_images", "mask", "denoising_strength", "inpainting_fill", "inpainting_mask_invert",
    "inpaint_full_res",
  ]

  init(_ body: [UInt8], isEdit: Bool) throws(Automatic1111Error) {
    guard let object = try? JSONSlice.parse(body), object.kind == .object else {
      throw Self.unprocessable("body")
    }
    let known = Self.fields + (isEdit ? Self.editFields : [])
    for member in object.members where !known.contains(member.key) {
      throw Self.unprocessable(member.key)
    }
    prompt = object["prompt"]?.string ?? ""
    width = try Self.int("width", object, 64...2048) ?? 512
    height = try Self.int("height", object, 64...2048) ?? 512
    guard width % 8 == 0, height % 8 == 0 else { throw Self.unprocessable("width") }
    seed = try Self.int("seed", object, -1...4_294_967_295) ?? -1
    _ = try Self.int("steps", object, 1...150)
    let batches = try Self.int("n_iter", object, 1...100) ?? 1
    count = batches * (try Self.int("batch_size", object, 1...8) ?? 1)
    if let guidance = object["cfg_scale"], guidance.double == nil {
      throw Self.unprocessable("cfg_scale")
    }
    if let sampler = object["sampler_name"]?.string, !["Euler", "DPM++ 2M"].contains(sampler) {
      throw Automatic1111Error(status: 404, detail: "Sampler not found")
    }
    checkpoint = object["override_settings"]?["sd_model_checkpoint"]?.string
    task = object["force_task_id"]?.string ?? "task(txt2img)"
    guard isEdit else { return }
    guard let images = object["init_images"], images[0] != nil else {
      throw Automatic1111Error(status: 404, detail: "Init image not found")
    }
    for image in Array(images.elements) + [object["mask"]].compactMap({ $0 }) {
      guard let text = image.stringBytes, let bytes = Base64.decode(text),
        ImagesRules.pngSize(bytes) != nil
      else { throw Automatic1111Error(status: 500, detail: "Invalid encoded image") }
    }
  }

  private static func int(
    _ name: String, _ object: JSONSlice, _ range: ClosedRange<Int>
  ) throws(Automatic1111Error) -> Int? {
    guard let value = object[name] else { return nil }
    guard let number = value.int, range.contains(number) else { throw unprocessable(name) }
    return number
  }

  private static func unprocessable(_ field: String) -> Automatic1111Error {
    Automatic1111Error(status: 422, detail: "value is not valid: \(field)")
  }
}
