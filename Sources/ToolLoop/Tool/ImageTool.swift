internal import OpenAIWire

/// A tool that the gateway offers to models, by its function's name.
package enum ImageTool: String, Sendable, Hashable, CaseIterable {
  /// Draws a picture from words.
  case generate = "generate_image"
  /// Changes a picture of the conversation.
  case edit = "edit_image"

  /// The entry of `tools`, as JSON. Its text depends on the limits alone, so that providers can cache
  /// what stands before the messages.
  func definition(_ limits: ToolLimits) -> [UInt8] {
    switch self {
    case .generate: GenerateImageTool.definition(limits)
    case .edit: EditImageTool.definition(limits)
    }
  }
}

/// Some of the gateway's tools.
package struct ImageTools: OptionSet, Sendable, Hashable {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }

  package static let generate = ImageTools(rawValue: 1)
  package static let edit = ImageTools(rawValue: 2)

  /// The tools, in the order in which a model is offered them.
  var list: [ImageTool] { ImageTool.allCases.filter { contains($0.set) } }

  /// Whether a function of this name is among them.
  func contains(named name: String) -> Bool {
    ImageTool(rawValue: name).map { contains($0.set) } ?? false
  }

  /// The entries of `tools`, as a JSON array.
  func definitions(_ limits: ToolLimits) -> [UInt8] {
    // Made once, since most requests are offered one of these.
    if limits == .usual {
      if self == .generate { return Self.generateAlone }
      if self == [.generate, .edit] { return Self.both }
    }
    return JSONWriter.array(list.map { $0.definition(limits) })
  }

  private static let generateAlone = JSONWriter.array([ImageTool.generate.definition(.usual)])
  private static let both = JSONWriter.array(ImageTool.allCases.map { $0.definition(.usual) })
}

extension ImageTool {
  fileprivate var set: ImageTools {
    switch self {
    case .generate: .generate
    case .edit: .edit
    }
  }
}
