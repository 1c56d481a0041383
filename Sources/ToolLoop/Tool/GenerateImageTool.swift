/// The tool by which models have pictures drawn.
enum GenerateImageTool {
  /// The entry of `tools`, as JSON.
  static func definition(_ limits: ToolLimits) -> [UInt8] {
    limits == .usual ? usual : make(limits)
  }

  private static let usual = make(.usual)

  private static func make(_ limits: ToolLimits) -> [UInt8] {
    ToolSchema.function(
      ImageTool.generate.rawValue,
      "Draws a picture from a description and shows it to the user at this point of the answer. "
        + "Call it whenever the user asks for a picture, photo, drawing, logo or illustration. "
        + "The user sees the picture itself, so do not repeat its link.",
      required: ["prompt"]
    ) { tool in
      tool.text(
        "prompt",
        "What the picture shows: subject, setting, light, style and any words in it, in detail.")
      tool.choice("size", limits.sizes, "Width x height: square, wide or tall.")
      tool.choice("style", limits.styles, "Dramatic or true to life.")
      tool.choice("quality", ToolArgument.qualities, "Best and dearest first.")
      tool.integer(
        "count", limits.counts, "How many variants to draw. 1 unless the user asks for more.")
      tool.text("negative_prompt", "What must not be in the picture.")
    }
  }
}
