/// Told of what image models do, for metrics. Called on a loop; does not block.
package protocol ImageObserver: Sendable {
  /// A model was asked, and has answered or failed.
  func attempt(_ model: ImageModel, _ report: ImageAttemptReport)
  /// Another model is asked in place of this one.
  /// - Parameters:
  ///   - reason: the kind of its failure, or `unavailable` where its breaker kept it from being asked.
  ///   - mayHaveBeenPaid: whether this one may charge nevertheless.
  func fallback(from model: ImageModel, reason: String, mayHaveBeenPaid: Bool)
}

/// What came of asking a model.
package struct ImageAttemptReport: Sendable, Hashable {
  /// Pictures made.
  package let pictures: Int
  /// US dollars that were billed, for pictures that could not be had too; nil where that is not
  /// known.
  package let cost: Double?
  /// Why there are no more; nil for a success.
  package let failure: ImageFailure.Kind?
  package let duration: Duration
}

/// An observer that looks away.
package struct NoImageObserver: ImageObserver {
  package init() {}
  package func attempt(_ model: ImageModel, _ report: ImageAttemptReport) {}
  package func fallback(from model: ImageModel, reason: String, mayHaveBeenPaid: Bool) {}
}
