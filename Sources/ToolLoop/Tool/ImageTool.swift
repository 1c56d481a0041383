/// A tool that the gateway offers to models, by its function's name.
package enum ImageTool: String, Sendable, Hashable, CaseIterable {
  /// Draws a picture from words.
  case generate = "generate_image"
  /// Changes a picture of the conversation.
  case edit = "edit_image"

  /// The entry of `tools`, as JSON.
  var definition: [UInt8] {
    switch self {
    case .generate: GenerateImageTool.definition
    case .edit: EditImageTool.definition
    }
  }
}
