package import Resilience

/// One upstream that can answer a request, and its name for the model.
package struct UpstreamTarget: Sendable {
  package let upstream: ChatUpstream
  /// The name that the upstream knows the model by.
  package let model: String

  /// A target.
  package init(upstream: ChatUpstream, model: String) {
    self.upstream = upstream
    self.model = model
  }

  /// `upstream/model`, for headers and errors.
  var name: String { model.isEmpty ? upstream.name : "\(upstream.name)/\(model)" }

  /// The key of its breaker. Names that clients make up share one.
  package var breakerKey: BreakerKey {
    let isListed =
      if case .listed(let models) = upstream.models { models.contains(model) } else { false }
    return BreakerKey(.chat, provider: upstream.name, model: isListed ? model : "*")
  }
}
