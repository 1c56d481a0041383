package import HTTP
package import Observability

/// A server that makes pictures.
package struct ImageProvider: Sendable, Hashable {
  package var name: String
  package var format: WireFormat
  /// What the paths of its API are appended to.
  package var baseURL: HTTPURL
  package var apiKey: Secret?
  /// The environment variable that the key comes from, for messages.
  package var keyVariable: String?
  /// Whether it may be used: its feature flag.
  package var isEnabled = true
  /// The environment variable that turns it off, for messages.
  package var featureFlag: String?
  /// The environment variable that names another base URL, for messages.
  package var baseURLVariable: String?
  package var models: [ImageModel]
  /// For one try, from the first byte sent to the last picture fetched.
  package var timeout: Duration
  /// Whether the URLs that it hands out may point inside.
  package var allowsPrivateURLs: Bool
  /// Settings of the wire format, such as `apiVersion`.
  package var options: [String: String] = [:]

  /// A provider with its models.
  package init(
    name: String, format: WireFormat = .openAI, baseURL: HTTPURL, apiKey: Secret?,
    models: [ImageModel], timeout: Duration = .seconds(300), allowsPrivateURLs: Bool = false
  ) {
    self.name = name
    self.format = format
    self.baseURL = baseURL
    self.apiKey = apiKey
    self.models = models
    self.timeout = timeout
    self.allowsPrivateURLs = allowsPrivateURLs
  }

  /// Whether it cannot be asked for want of a key.
  package var lacksKey: Bool { keyVariable != nil && apiKey == nil }

  /// Whether it may and can be asked.
  package var isUsable: Bool { isEnabled && !lacksKey && !models.isEmpty }
}
