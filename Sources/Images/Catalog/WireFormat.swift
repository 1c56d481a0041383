/// A provider's API, as far as the gateway speaks it.
package enum WireFormat: String, Sendable, Hashable, CaseIterable {
  /// OpenAI's images API, and every server that copies it.
  case openAI = "openai"
  case azureOpenAI = "azure-openai"
  case xai
  /// Google's `:predict`.
  case imagen
  /// Google's `:generateContent` with pictures in its answer.
  case gemini
  case together
  case replicate
  case stability
  case fal
  /// Black Forest Labs.
  case bfl
  case fireworks
  case leonardo
  /// Pictures through chat.
  case openRouter = "openrouter"
  /// AUTOMATIC1111 and Forge.
  case automatic1111
  case comfyUI = "comfyui"
}
