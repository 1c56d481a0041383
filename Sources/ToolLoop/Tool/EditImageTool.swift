/// The tool by which models have pictures changed.
enum EditImageTool {
  /// The entry of `tools`, as JSON.
  static func definition(_ limits: ToolLimits) -> [UInt8] {
    limits == .usual ? usual : make(limits)
  }

  private static let usual = make(.usual)

  private static func make(_ limits: ToolLimits) -> [UInt8] {
    ToolSchema.function(
      ImageTool.edit.rawValue,
      "Changes a picture of this conversation, be it one that you drew or one that the user sent, "
        + "and shows the new picture to the user at this point of the answer. Call it whenever the "
        + "user wants something about a picture to be different: a new one would not look like it. "
        + "The picture itself stays as it was. Do not repeat the new picture's link.",
      required: ["prompt", "image"]
    ) { tool in
      tool.text(
        "prompt", "What to change, and to what, in detail; what must stay is best said as well.")
      tool.text(
        "image",
        "The picture to change: its id (img_…), its URL, or image_1, image_2, … for the first, "
          + "second, … picture of the conversation, those of the user and yours counted together.")
      tool.text(
        "mask",
        "A PNG of the same size, named like the picture, whose transparent parts may change. Only "
          + "where the user has sent one.")
      tool.choice(
        "size", limits.sizes,
        "Width x height: square, wide or tall. Only where the user wants another one.")
      tool.choice("quality", ToolArgument.qualities, "Best and dearest first.")
      tool.integer(
        "count", limits.counts, "How many variants to make. 1 unless the user asks for more.")
    }
  }
}
