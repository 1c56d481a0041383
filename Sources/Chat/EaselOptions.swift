package import HTTP
package import OpenAIWire

/// What a client asks of the gateway itself, in the body's `easel` object or in headers of the same
/// meaning. The body wins.
package struct EaselOptions: Sendable, Hashable {
  /// Whether the model is offered the image tool.
  package enum ImageTool: String, Sendable, Hashable, CaseIterable {
    /// Offered, and drawn at once.
    case auto
    /// Not offered.
    case off
    /// Offered, and drawn when the user has said yes.
    case confirm
  }

  /// How pictures reach the client.
  package enum ImageOutput: String, Sendable, Hashable, CaseIterable {
    case markdown, images, both
  }

  package var imageTool: ImageTool?
  package var imageOutput: ImageOutput?
  /// The name of the image profile that the tool draws by.
  package var imageProfile: String?
  /// At most the configured bound.
  package var maxToolIterations: Int?
  /// Whether the stream carries progress events.
  package var events: Bool?

  /// No wishes.
  package init() {}

  /// Reads the body's object.
  /// - Throws: `OpenAIError` with status 400.
  package init(_ object: JSONSlice?) throws(OpenAIError) {
    guard let object, !object.isNull else { return }
    guard object.kind == .object else {
      throw .invalidRequest("The field 'easel' must be an object.", param: "easel")
    }
    for (key, value) in object.members where !value.isNull {
      switch key {
      case "image_tool": imageTool = try Self.word(value, "easel.image_tool")
      case "image_output": imageOutput = try Self.word(value, "easel.image_output")
      case "image_profile": imageProfile = try Self.name(value.string, "easel.image_profile")
      case "max_tool_iterations":
        guard let number = value.int, (1...100).contains(number) else {
          throw .invalidRequest(
            "The field 'easel.max_tool_iterations' must be an integer from 1 to 100.",
            param: "easel.max_tool_iterations")
        }
        maxToolIterations = number
      case "events":
        guard let flag = value.bool else {
          throw .invalidRequest(
            "The field 'easel.events' must be true or false.", param: "easel.events")
        }
        events = flag
      default:
        throw .invalidRequest(
          "The field 'easel.\(key.prefix(64))' is unknown. Known are image_tool, image_profile, "
            + "image_output, max_tool_iterations and events.", param: "easel")
      }
    }
  }

  private static func word<T: RawRepresentable & CaseIterable>(
    _ value: JSONSlice, _ name: String
  ) throws(OpenAIError) -> T where T.RawValue == String {
    try word(value.string, name)
  }

  private static func word<T: RawRepresentable & CaseIterable>(
    _ text: String?, _ name: String
  ) throws(OpenAIError) -> T where T.RawValue == String {
    if let text, let word = T(rawValue: text) { return word }
    let allowed = T.allCases.map(\.rawValue).joined(separator: ", ")
    throw .invalidRequest("The value of '\(name)' must be one of: \(allowed).", param: name)
  }

  private static func name(_ text: String?, _ field: String) throws(OpenAIError) -> String {
    guard let text, (1...64).contains(text.utf8.count) else {
      throw .invalidRequest(
        "The value of '\(field)' must be the name of an image profile, 1 to 64 bytes.",
        param: field)
    }
    return text
  }

  /// Takes from headers what the body leaves open.
  /// - Throws: `OpenAIError` with status 400.
  package mutating func complete(from headers: HeaderFields) throws(OpenAIError) {
    if imageTool == nil, let text = headers["x-easel-image-tool"] {
      imageTool = try Self.word(text, "x-easel-image-tool")
    }
    if imageProfile == nil, let text = headers["x-easel-image-profile"] {
      imageProfile = try Self.name(text, "x-easel-image-profile")
    }
    if imageOutput == nil, let text = headers["x-easel-image-output"] {
      imageOutput = try Self.word(text, "x-easel-image-output")
    }
    if events == nil, let text = headers["x-easel-events"] {
      guard ["on", "off"].contains(text) else {
        throw .invalidRequest(
          "The value of 'x-easel-events' must be one of: on, off.", param: "x-easel-events")
      }
      events = text == "on"
    }
  }
}
