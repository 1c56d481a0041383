internal import OpenAIWire

/// A workflow that a simulated ComfyUI has checked as the real one does: every node known, every
/// input there and of its type, every link to a node of the workflow.
struct ComfyGraph {
  /// An answer of status 400.
  struct Invalid: Error {
    let type: String
    let message: String
    var node: (id: String, type: String)?
    var fault = ""
    var details = ""

    static let noPrompt = Invalid(type: "no_prompt", message: "No prompt provided")

    var body: [UInt8] {
      JSONWriter.object { writer in
        writer.key("error")
        writer.beginObject()
        writer.member("type", type)
        writer.member("message", message)
        writer.member("details", details)
        writer.member("extra_info", raw: Array("{}".utf8))
        writer.endObject()
        writer.key("node_errors")
        writer.beginObject()
        if let node {
          writer.key(node.id)
          writer.beginObject()
          writer.key("errors")
          writer.beginArray()
          writer.beginObject()
          writer.member("type", fault)
          writer.member("message", fault == "value_not_in_list" ? "Value not in list" : fault)
          writer.member("details", details)
          writer.endObject()
          writer.endArray()
          writer.member("class_type", node.type)
          writer.endObject()
        }
        writer.endObject()
      }
    }
  }

  private enum Kind {
    case link, text, int, number
  }

  private static let nodes: [String: [(String, Kind)]] = [
    "KSampler": [
      ("seed", .int), ("steps", .int), ("cfg", .number), ("sampler_name", .text),
      ("scheduler", .text), ("denoise", .number), ("model", .link), ("positive", .link),
      ("negative", .link), ("latent_image", .link),
    ],
    "CheckpointLoaderSimple": [("ckpt_name", .text)],
    "EmptyLatentImage": [("width", .int), ("height", .int), ("batch_size", .int)],
    "CLIPTextEncode": [("text", .text), ("clip", .link)],
    "VAEDecode": [("samples", .link), ("vae", .link)],
    "VAEEncode": [("pixels", .link), ("vae", .link)],
    "LoadImage": [("image", .text)],
    "SaveImage": [("images", .link), ("filename_prefix", .text)],
  ]

  private(set) var width = 512
  private(set) var height = 512
  private(set) var count = 1
  private(set) var prompt = ""

  /// - Parameter isUploaded: whether a file of this name was uploaded.
  init(_ graph: JSONSlice, isUploaded: (String) -> Bool) throws(Invalid) {
    let nodes = Array(graph.members)
    for (id, node) in nodes {
      guard let type = node["class_type"]?.string, let inputs = Self.nodes[type] else {
        throw Invalid(
          type: "invalid_prompt", message: "Cannot execute because a node does not exist.",
          details: "Node ID '#\(id)'")
      }
      for (name, kind) in inputs {
        guard let value = node["inputs"]?[name], Self.fits(value, kind, in: graph) else {
          throw Self.invalid(id, type, "required_input_missing", name)
        }
      }
      try read(id, type, node["inputs"], isUploaded)
    }
    guard nodes.contains(where: { $0.value["class_type"]?.isString("SaveImage") == true }) else {
      throw Invalid(type: "prompt_no_outputs", message: "Prompt has no outputs")
    }
    let sampler = nodes.first { $0.value["class_type"]?.isString("KSampler") == true }?.value
    let positive = sampler?["inputs"]?["positive"]?[0]?.string ?? ""
    prompt = graph[positive]?["inputs"]?["text"]?.string ?? ""
  }

  private mutating func read(
    _ id: String, _ type: String, _ inputs: JSONSlice?, _ isUploaded: (String) -> Bool
  ) throws(Invalid) {
    switch type {
    case "CheckpointLoaderSimple":
      let name = inputs?["ckpt_name"]?.string ?? ""
      guard SimulatedComfyUI.checkpoints.contains(name) else {
        throw Self.invalid(id, type, "value_not_in_list", "ckpt_name: '\(name)' not in list")
      }
    case "LoadImage":
      guard let name = inputs?["image"]?.string, isUploaded(name) else {
        throw Self.invalid(id, type, "custom_validation_failed", "image - Invalid image file")
      }
    case "EmptyLatentImage":
      width = inputs?["width"]?.int ?? 0
      height = inputs?["height"]?.int ?? 0
      count = inputs?["batch_size"]?.int ?? 0
      guard (16...16_384).contains(width), (16...16_384).contains(height), (1...64).contains(count)
      else { throw Self.invalid(id, type, "value_smaller_than_min", "width") }
    default: break
    }
  }

  private static func fits(_ value: JSONSlice, _ kind: Kind, in graph: JSONSlice) -> Bool {
    switch kind {
    case .link: value[0]?.string.flatMap { graph[$0] } != nil && value[1]?.int != nil
    case .text: value.kind == .string
    case .int: value.int != nil
    case .number: value.double != nil
    }
  }

  private static func invalid(
    _ id: String, _ type: String, _ fault: String, _ details: String
  ) -> Invalid {
    Invalid(
      type: "prompt_outputs_failed_validation", message: "Prompt outputs failed validation",
      node: (id, type), fault: fault, details: details)
  }
}
