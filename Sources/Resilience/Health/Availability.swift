/// Whether a model of a provider may be asked, and if not, which of the three layers says so.
package struct Availability: Sendable, Hashable {
  /// What decides, in this order.
  package enum Layer: String, Sendable, Hashable {
    /// The provider is turned on.
    case flag
    /// There is a key for it.
    case key
    /// Its breaker lets calls pass.
    case breaker
  }

  /// The layer that says no; nil where none does.
  package let obstacle: Layer?
  /// Why not, or why others are asked first, in words such as `circuit breaker open, next trial in 42 s`;
  /// nil where nothing is in the way.
  package let reason: String?
  /// Until when, in milliseconds of the shared clock, where it is not available and that is known.
  package let until: Int64?
  /// Whether it may be asked nevertheless where nobody else is left.
  package let allowsLastResort: Bool

  /// Whether all layers say yes. Others may have to be asked first all the same: then there is a
  /// ``reason``.
  package var isAvailable: Bool { obstacle == nil }

  /// Nothing is in the way.
  package static let available = Availability(nil, nil)

  /// Something is in the way, or others are asked first.
  package init(
    _ obstacle: Layer?, _ reason: String?, until: Int64? = nil, allowsLastResort: Bool = false
  ) {
    self.obstacle = obstacle
    self.reason = reason
    self.until = until
    self.allowsLastResort = allowsLastResort
  }
}
