package import HTTP
package import Observability

/// A server with OpenAI's chat API.
package struct ChatUpstream: Sendable {
  /// The operator's name for it, also the prefix in `name/model`.
  package var name: String
  /// What the paths of the API are appended to; ends in `/v1` as a rule.
  package var baseURL: HTTPURL
  /// Sent as a bearer token; nil where the server asks for none.
  package var apiKey: Secret?
  /// The environment variable that the key is of, for operators; nil where there is none.
  package var keyVariable: String?
  /// Whether the client's own `Authorization` goes to this upstream, in place of a key.
  package var forwardsAuthorization = false
  /// The models it has.
  package var models: ModelSet
  /// Whether its models can call tools at all.
  package var supportsTools = true
  /// Models among them that cannot.
  package var modelsWithoutTools: Set<String> = []
  package var timeouts = ClientTimeouts()
  /// Fields that every request to it carries.
  package var headers = HeaderFields()
  /// Requests that may be under way there at one time; nil for any number.
  package var concurrency: Int?
  /// Requests that may wait for their turn, where there is a limit.
  package var queue = 100
  /// How long one may wait for its turn.
  package var queueTimeout = Duration.seconds(10)
  /// PEM file of certificate authorities that its certificate may be of.
  package var authorityFile: String?

  /// Which models an upstream has.
  package enum ModelSet: Sendable, Hashable {
    /// Whatever it is asked for.
    case any
    case listed([String])
  }

  /// An upstream with the defaults that each property names.
  package init(name: String, baseURL: HTTPURL, apiKey: Secret? = nil, models: ModelSet = .any) {
    self.name = name
    self.baseURL = baseURL
    self.apiKey = apiKey
    self.models = models
  }
}
