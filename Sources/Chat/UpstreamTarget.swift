package import HTTP
package import Resilience

/// One upstream that can answer a request, and its name for the model.
///
/// A class, so that handing it on copies nothing.
package final class UpstreamTarget: Sendable {
  package let upstream: PreparedUpstream
  /// The name that the upstream knows the model by.
  package let model: String
  /// The key of its breaker. Names that clients make up share one.
  package let breakerKey: BreakerKey

  /// A target.
  package init(upstream: PreparedUpstream, model: String) {
    self.upstream = upstream
    self.model = model
    let isListed =
      if case .listed(let models) = upstream.settings.models { models.contains(model) } else {
        false
      }
    breakerKey = BreakerKey(.chat, provider: upstream.name, model: isListed ? model : "*")
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
