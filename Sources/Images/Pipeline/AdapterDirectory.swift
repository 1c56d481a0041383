/// Finds the adapter of a wire format.
enum AdapterDirectory {
  /// Nil for a format that nothing here speaks.
  static func adapter(for format: WireFormat) -> (any ImageAdapter)? {
    switch format {
    case .openAI, .xai: OpenAIImagesAdapter()
    case .azureOpenAI: OpenAIImagesAdapter(isAzure: true)
    case .replicate: ReplicateAdapter()
    case .fal: FalAdapter()
    case .bfl: BFLAdapter()
    case .leonardo: LeonardoAdapter()
    default: nil
    }
  }
}
