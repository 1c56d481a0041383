/// What a model can do, or takes as a parameter of its own.
package enum ImageCapability: String, Sendable, Hashable, CaseIterable {
  case edit
  case variation
  case mask
  /// More than one picture to change.
  case multipleInputs = "multiple-inputs"
  case transparentBackground = "transparent-background"
  case outputFormat = "output-format"
  case outputCompression = "output-compression"
  case negativePrompt = "negative-prompt"
  case seed
  case steps
  case guidance
  /// Words for how much effort is spent, which change the price.
  case quality
  case moderation
  case inputFidelity = "input-fidelity"
  /// Unfinished pictures on the way.
  case streaming
}
