package import HTTP
package import Resilience

/// One upstream that can answer a request, and its name for the model.
///
/// A class, so that handing it on copies nothing.
package final class UpstreamTarget: Sendable {
  package let upstream: PreparedUpstream
  /// The name that the upstream knows the model by.
  package let model: String
  /// The key of its breaker.
  package let breakerKey: BreakerKey
  /// Whether the model is known only since a client has named it, so that a breaker of its own is made
  /// for it as far as there is room.
  let isNamedByClient: Bool

  /// A target.
  /// - Parameter isConfigured: whether the operator has named it.
  package init(upstream: PreparedUpstream, model: String, isConfigured: Bool = false) {
    self.upstream = upstream
    self.model = model
    let isListed =
      if case .listed(let models) = upstream.settings.models { models.contains(model) } else {
        isConfigured
      }
    isNamedByClient = !isListed && BreakerKey.isPlain(model: model)
    let key = BreakerKey(.chat, provider: upstream.name, model: model)
    breakerKey = isListed || isNamedByClient ? key : key.common
  }

  /// A request to it: see `PreparedUpstream.request`.
  package func request(
    _ path: String, client: HeaderFields, requestID: String, body: [UInt8]
  ) -> ClientRequest {
    upstream.request(.post, path, client: client, requestID: requestID, body: body)
  }

  /// `upstream/model`, for headers and errors.
  var name: String { model.isEmpty ? upstream.name : "\(upstream.name)/\(model)" }

  /// Whether requests may be offered a tool here.
  package var canCallTools: Bool { upstream.canCallTools(model) }
}
