/// What an alias stands for.
package struct AliasConfiguration: Sendable, Hashable, ExpressibleByStringLiteral {
  /// One of the targets.
  package struct Target: Sendable, Hashable {
    /// `model` or `upstream/model`.
    package var name: String
    /// Its share of the requests, among the sum of all, 0 to 1000000; nil where the order decides.
    package var weight: Int?
  }

  /// At least one, in the order in which they are asked, unless they have weights.
  package var targets: [Target]

  /// An alias of these targets.
  package init(_ targets: [Target]) { self.targets = targets }

  /// An alias of one model.
  package init(stringLiteral value: String) { targets = [Target(name: value)] }
}
