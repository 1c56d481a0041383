internal import HTTP
internal import Observability

/// An upstream with what every request to it needs, made once.
///
/// A class, so that handing it on copies nothing.
package final class PreparedUpstream: Sendable {
  /// What the operator has said of it.
  package let settings: ChatUpstream
  /// Where chats go.
  let chatURL: HTTPURL
  /// The fields that are the same in every request.
  let ownFields: HeaderFields

  package init(_ settings: ChatUpstream) {
    self.settings = settings
    chatURL = settings.baseURL.appending(path: "chat/completions")
    var fields = HeaderFields()
    if let apiKey = settings.apiKey {
      fields.append("authorization", "Bearer \(apiKey.reveal())", orDrop: ())
    }
    ownFields = fields
  }

  /// Whether requests for `model` may be offered a tool.
  func canCallTools(_ model: String) -> Bool {
    settings.supportsTools && !settings.modelsWithoutTools.contains(model)
  }

  /// The operator's name for it.
  package var name: String { settings.name }
}
