package import HTTP
package import Observability

/// A chat server that the catalog knows, with what its models can do and cost.
package struct ChatProviderEntry: Sendable, Hashable {
  /// A chat model.
  package struct Model: Sendable, Hashable {
    package var id: String
    /// Whether it can call tools.
    package var supportsTools: Bool
    /// Tokens that it takes in; nil where that is not known.
    package var contextWindow: Int?
    /// US dollars for a million tokens; nil where that is not known.
    package var pricePerMillionTokens: Price?

    /// US dollars for a million tokens in and out.
    package struct Price: Sendable, Hashable {
      package var input: Double
      package var output: Double
    }
  }

  package var name: String
  /// What `chat/completions` is appended to.
  package var baseURL: HTTPURL
  package var apiKey: Secret?
  /// The environment variable that the key comes from; nil where none is needed.
  package var keyVariable: String?
  package var models: [Model]
}
