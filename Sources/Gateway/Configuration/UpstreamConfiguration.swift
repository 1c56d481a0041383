package import Observability

/// One OpenAI-compatible chat server.
package struct UpstreamConfiguration: Sendable, Hashable {
  /// The name in aliases, logs and headers: lower-case letters, digits, `.`, `_`, `-`.
  package var name: String
  /// The URL before `/chat/completions`, without a slash at its end.
  package var baseURL: String
  /// The environment variable that holds the key; nil sends no key.
  package var apiKeyVariable: String?
  /// The key; nil if there is none, or its variable is not set.
  package var apiKey: Secret?
  /// Whether the client's own `Authorization` goes to this upstream; default false.
  package var forwardAuthorization = false
  /// The models that it has; default any.
  package var models = ModelSelection.any
  /// Whether its models can call tools at all; default true.
  package var tools = true
  /// Models of it that cannot call tools.
  package var modelsWithoutTools: Set<String> = []
  /// Time limits of a request.
  package var timeouts = UpstreamTimeouts()
  /// Requests that may be under way there at one time, 1 to 100000; default any number.
  package var concurrency: Int?
  /// Requests that may wait for their turn where there is a limit; default 100, 0 to 100000.
  package var queue = 100
  /// How long one may wait for its turn; default 10 s, 0 to 5 min.
  package var queueTimeout = Duration.seconds(10)
  /// Headers to add to every request. The values may be credentials.
  package var headers: [UpstreamHeader] = []
  /// Path of a PEM file with certificate authorities to trust instead of the system's.
  package var caFile: String?

  /// An upstream with the defaults.
  package init(name: String, baseURL: String) {
    self.name = name
    self.baseURL = baseURL
  }
}

/// The models that an upstream has.
package enum ModelSelection: Sendable, Hashable {
  /// Whatever name a client asks for.
  case any
  /// These names, in the file's order.
  case listed([String])

  /// Whether `model` is one of them.
  package func contains(_ model: String) -> Bool {
    switch self {
    case .any: true
    case .listed(let names): names.contains(model)
    }
  }
}

/// Time limits of a request to an upstream.
package struct UpstreamTimeouts: Sendable, Hashable {
  /// Name lookup, TCP and TLS together; default 5 s, 10 ms to 5 min.
  package var connect = Duration.seconds(5)
  /// From the request's end to the answer's first byte; default 300 s, 10 ms to 1 h.
  package var firstByte = Duration.seconds(300)
  /// The longest pause within the answer; default 120 s, 10 ms to 1 h.
  package var idle = Duration.seconds(120)

  /// The defaults.
  package init() {}
}

/// A header that goes to an upstream with every request.
package struct UpstreamHeader: Sendable, Hashable {
  /// A field name as of RFC 9110, section 5.1.
  package var name: String
  /// A field value: printable, without line breaks. Kept as a secret, because some servers take
  /// their key in a header of their own.
  package var value: Secret

  /// A header.
  package init(name: String, value: Secret) {
    self.name = name
    self.value = value
  }
}
