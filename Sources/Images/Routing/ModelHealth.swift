/// Tells which models may be asked now, and learns from how they answer: the place of the circuit
/// breaker.
package protocol ModelHealth: Sendable {
  /// Whether a model may be asked.
  /// - Parameter now: milliseconds of a monotonic clock.
  func admission(of model: ImageModel) -> ModelAdmission
  /// Learns of an answer. `failure` is nil for a success.
  func record(_ failure: ImageFailure?, of model: ImageModel, after elapsed: Duration)
}

/// Whether a model may be asked.
package enum ModelAdmission: Sendable, Hashable {
  case allowed
  /// Not now, in words such as `breaker open`; for how long, where that is known.
  case refused(reason: String, for: Duration?)
}

/// Every model may always be asked.
package struct AlwaysHealthy: ModelHealth {
  package init() {}
  package func admission(of model: ImageModel) -> ModelAdmission { .allowed }
  package func record(_ failure: ImageFailure?, of model: ImageModel, after elapsed: Duration) {}
}
