/// Tells which models may be asked now, and learns from how they answer: the place of the circuit
/// breaker.
package protocol ModelHealth: Sendable {
  /// Whether a model could be asked now. Decides nothing, and waits for nothing.
  func admission(of model: ImageModel) -> ModelAdmission
  /// Begins a call of a model whose turn has come.
  func begin(_ model: ImageModel, _ turn: ModelTurn) async -> ModelStart
}

/// Why a model is asked.
package enum ModelTurn: Sendable, Hashable {
  /// It is the next one.
  case usual
  /// Nobody else is left: no rest keeps it away that it has not asked for.
  case needed
  /// Nobody else is left, and it is asked though it may be down, unless another request does so already.
  case lastResort
}

/// Whether a model may be asked.
package enum ModelAdmission: Sendable, Hashable {
  case allowed
  case refused(ModelRefusal)
}

/// Whether a call of a model has begun.
package enum ModelStart: Sendable {
  case begun(any ModelCall)
  case refused(ModelRefusal)
}

/// A call of a model that has begun. It is ended once, whatever comes of it.
package protocol ModelCall: Sendable {
  /// Whether it is to be found out if the model works at all: then it is asked for no more than one call
  /// makes, and for the rest when that went well.
  var isProbe: Bool { get }
  /// Learns how it went: `failure` is nil for a success.
  func end(_ failure: ImageFailure?, after elapsed: Duration)
}

/// Why a model is not asked now.
package struct ModelRefusal: Sendable, Hashable {
  /// In words, such as `circuit breaker open, next trial in 42 s`.
  package var reason: String
  /// For how long, where that is known.
  package var wait: Duration?
  /// Whether it may be asked nevertheless where nobody else is left.
  package var allowsLastResort = false
  /// Whether it is there, and others are only asked first, where there are any.
  package var rests = false
  /// Whether its trial is another request's: it may work by the time that the others have failed.
  package var isTried = false

  /// A refusal.
  package init(
    reason: String, wait: Duration?, allowsLastResort: Bool = false, rests: Bool = false,
    isTried: Bool = false
  ) {
    self.reason = reason
    self.wait = wait
    self.allowsLastResort = allowsLastResort
    self.rests = rests
    self.isTried = isTried
  }
}

/// Every model may always be asked.
package struct AlwaysHealthy: ModelHealth {
  private struct Call: ModelCall {
    let isProbe = false
    func end(_ failure: ImageFailure?, after elapsed: Duration) {}
  }

  package init() {}
  package func admission(of model: ImageModel) -> ModelAdmission { .allowed }
  package func begin(_ model: ImageModel, _ turn: ModelTurn) async -> ModelStart {
    .begun(Call())
  }
}
