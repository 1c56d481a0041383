/// Finds the adapter of a wire format.
enum AdapterDirectory {
  static func adapter(for format: WireFormat) -> any ImageAdapter {
    switch format {
    case .openAI, .xai: OpenAIImagesAdapter()
    case .azureOpenAI: OpenAIImagesAdapter(isAzure: true)
    case .together: TogetherAdapter()
    case .stability: StabilityAdapter()
    case .fireworks: FireworksAdapter()
    case .openRouter: OpenRouterAdapter()
    case .gemini: GeminiAdapter()
    case .imagen: ImagenAdapter()
    case .automatic1111: Automatic1111Adapter()
    case .comfyUI: ComfyUIAdapter()
    case .replicate: ReplicateAdapter()
    case .fal: FalAdapter()
    case .bfl: BFLAdapter()
    case .leonardo: LeonardoAdapter()
    }
  }
}
