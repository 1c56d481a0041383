package import HTTP

/// Asks a provider whether it takes the gateway's key, by the cheapest endpoint that needs it.
package enum ProviderCheck {
  /// What a provider said.
  package enum Answer: Sendable, Hashable {
    /// The key is good; the catalog's models that the provider does not list, where it has a list
    /// and knows any of them.
    case accepted(unlisted: [String])
    /// What is wrong, as a class and in a sentence.
    case failed(ImageFailure.Kind, String)
  }

  /// Asks. Called on `client`'s loop; nothing is drawn and nothing is paid.
  package static func ask(_ provider: ImageProvider, client: HTTPClient) async -> Answer {
    var provider = provider
    provider.timeout = min(provider.timeout, .seconds(20))
    let adapter = AdapterDirectory.adapter(for: provider.format)
    do throws(ImageFailure) {
      let link = ProviderLink(provider: provider, client: client, imageLimit: 1 << 20)
      try await adapter.checkKey(over: link)
      guard let listed = try await adapter.listModels(over: link) else {
        return .accepted(unlisted: [])
      }
      let known = Set(listed.map(tail))
      let unlisted = provider.models.filter { !known.contains(tail($0.wireID)) }
      // A list that has none of them is of another kind, such as deployments.
      return .accepted(unlisted: unlisted.count == provider.models.count ? [] : unlisted.map(\.id))
    } catch {
      return .failed(error.kind, error.message)
    }
  }

  /// `models/gemini-3` and `accounts/x/models/flux` are known by their last part.
  private static func tail(_ name: String) -> String {
    name.split(separator: "/").last.map(String.init) ?? name
  }
}
