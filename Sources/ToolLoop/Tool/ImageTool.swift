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
