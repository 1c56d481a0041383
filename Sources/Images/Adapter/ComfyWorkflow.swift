internal import OpenAIWire

/// A ComfyUI workflow in API format with placeholders: `{{prompt}}`, `{{width}}` and the like,
/// within strings or in place of values.
struct ComfyWorkflow {
  enum Value: Sendable {
    case text(String)
    case integer(Int)
    case number(Double)

    fileprivate var json: [UInt8] {
      switch self {
      case .text(let text): JSONWriter.string(text)
      case .integer(let number): Array(String(number).utf8)
      case .number(let number): Array(number.description.utf8)
      }
    }

    fileprivate var isText: Bool { if case .text = self { true } else { false } }
  }

  private let template: [UInt8]
  private static let open = Array("{{".utf8)
  private static let close = Array("}}".utf8)
  private static let nameLimit = 32

  init(_ template: String) { self.template = Array(template.utf8) }

  /// Whether a placeholder stands somewhere.
  func uses(_ name: String) -> Bool {
    template.indices.contains { placeholder(at: $0)?.name == name }
  }

  /// The workflow with values in place of the placeholders. A text is escaped, so that it stays
  /// within its string whatever it says; a number that fills a string takes the place of its quotes
  /// too; what was put in is not read again.
  /// - Parameter values: by the placeholders' names; one without a value is left as it is.
  /// - Returns: nil where the result is no JSON object.
  func filled(with values: [String: Value]) -> [UInt8]? {
    var output: [UInt8] = []
    output.reserveCapacity(template.count + 1024)
    var index = 0
    /// Where the present string's quote stands in the output; nil outside of strings.
    var quote: Int?
    while index < template.count {
      let byte = template[index]
      if let (name, end) = placeholder(at: index), let value = values[name] {
        index = end
        guard let start = quote else {
          output += value.json
          continue
        }
        if value.isText {
          output += value.json.dropFirst().dropLast()
        } else if start == output.count - 1, index < template.count,
          template[index] == UInt8(ascii: "\"")
        {
          output.removeLast()
          output += value.json
          quote = nil
          index += 1
        } else {
          output += value.json
        }
        continue
      }
      if byte == UInt8(ascii: "\\"), quote != nil, index + 1 < template.count {
        output.append(byte)
        index += 1
      } else if byte == UInt8(ascii: "\"") {
        quote = quote == nil ? output.count : nil
      }
      output.append(template[index])
      index += 1
    }
    guard let object = try? JSONSlice.parse(output), object.kind == .object else { return nil }
    return output
  }

  private func placeholder(at index: Int) -> (name: String, end: Int)? {
    guard template[index] == Self.open[0], template[index...].starts(with: Self.open) else {
      return nil
    }
    let name = template[(index + 2)...].prefix(Self.nameLimit).prefix {
      (0x61...0x7A).contains($0) || $0 == UInt8(ascii: "_")
    }
    guard !name.isEmpty, template[name.endIndex...].starts(with: Self.close) else { return nil }
    return (String(decoding: name, as: UTF8.self), name.endIndex + 2)
  }

  /// Words to a picture with a checkpoint of Stable Diffusion, as ComfyUI's own default does it.
  static let textToImage = ComfyWorkflow(
    """
    {
      "3": {"class_type": "KSampler", "inputs": {
        "seed": {{seed}}, "steps": {{steps}}, "cfg": {{guidance}}, "sampler_name": "{{sampler}}",
        "scheduler": "{{scheduler}}", "denoise": 1, "model": ["4", 0], "positive": ["6", 0],
        "negative": ["7", 0], "latent_image": ["5", 0]}},
      "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "{{checkpoint}}"}},
      "5": {"class_type": "EmptyLatentImage", "inputs": {
        "width": {{width}}, "height": {{height}}, "batch_size": {{count}}}},
      "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "{{prompt}}", "clip": ["4", 1]}},
      "7": {"class_type": "CLIPTextEncode", "inputs": {
        "text": "{{negative_prompt}}", "clip": ["4", 1]}},
      "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
      "9": {"class_type": "SaveImage", "inputs": {
        "filename_prefix": "easel", "images": ["8", 0]}}
    }
    """)
}
