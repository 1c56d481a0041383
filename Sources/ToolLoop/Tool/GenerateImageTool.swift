internal import OpenAIWire

/// The tool that the gateway offers to models.
package enum GenerateImageTool {
  /// The function's name.
  package static let name = "generate_image"

  /// The entry of `tools`, as JSON.
  static let definition: [UInt8] = JSONWriter.object { tool in
    tool.member("type", "function")
    tool.key("function")
    tool.beginObject()
    tool.member("name", name)
    tool.member(
      "description",
      "Draws a picture from a description and shows it to the user at this point of the answer. "
        + "Call it whenever the user asks for a picture, photo, drawing, logo or illustration. "
        + "The user sees the picture itself, so do not repeat its link.")
    tool.key("parameters")
    tool.beginObject()
    tool.member("type", "object")
    tool.key("properties")
    tool.beginObject()
    text(
      &tool, "prompt",
      "What the picture shows: subject, setting, light, style and any words in it, in detail.")
    choice(&tool, "size", ImageArguments.sizes, "Width x height: square, wide or tall.")
    choice(&tool, "style", ImageArguments.styles, "Dramatic or true to life.")
    choice(&tool, "quality", ImageArguments.qualities, "Best and dearest first.")
    tool.key("count")
    tool.beginObject()
    tool.member("type", "integer")
    tool.member("minimum", ImageArguments.countRange.lowerBound)
    tool.member("maximum", ImageArguments.countRange.upperBound)
    tool.member("description", "How many variants to draw. 1 unless the user asks for more.")
    tool.endObject()
    text(&tool, "negative_prompt", "What must not be in the picture.")
    tool.endObject()
    tool.key("required")
    tool.beginArray()
    tool.value("prompt")
    tool.endArray()
    tool.endObject()
    tool.endObject()
  }

  private static func text(_ tool: inout JSONWriter, _ name: String, _ description: String) {
    tool.key(name)
    tool.beginObject()
    tool.member("type", "string")
    tool.member("description", description)
    tool.endObject()
  }

  private static func choice(
    _ tool: inout JSONWriter, _ name: String, _ values: [String], _ description: String
  ) {
    tool.key(name)
    tool.beginObject()
    tool.member("type", "string")
    tool.key("enum")
    tool.beginArray()
    for value in values { tool.value(value) }
    tool.endArray()
    tool.member("description", description)
    tool.endObject()
  }
}
