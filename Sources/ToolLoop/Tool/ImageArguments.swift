/// The arguments of one `generate_image` call, checked.
package struct ImageArguments: Sendable, Hashable {
  package var prompt: String
  package var size: String?
  package var style: String?
  package var quality: String?
  /// 1 to 4.
  package var count = 1
  package var negativePrompt: String?

  init(_ bytes: [UInt8], _ limits: ToolLimits) throws(InvalidArguments) {
    let given = try ToolArgument(bytes, limits)
    prompt = try given.prompt()
    size = try given.size()
    style = try given.style()
    quality = try given.quality()
    count = try given.count()
    negativePrompt = try given.text("negative_prompt")
  }
}
