/// What a model may ask of the gateway's tools: what their schemas say, and what arguments are checked
/// against.
package struct ToolLimits: Sendable, Hashable {
  /// `WIDTHxHEIGHT` each; never empty.
  package var sizes = ["1024x1024", "1792x1024", "1024x1792"]
  /// Never empty.
  package var styles = ["vivid", "natural"]
  /// Pictures of one call, 1 to 4.
  package var maxCount = 4

  /// The limits that hold where nobody narrows them.
  package init() {}

  /// These, made once: what is compared with them is mostly the same memory.
  package static let usual = ToolLimits()

  var counts: ClosedRange<Int> { 1...max(1, maxCount) }
}
