/// Ports for programs that cannot choose one by themselves.
package enum FreePort {
  /// A port of the loopback interface that nobody listened at a moment ago. For one that nobody is to
  /// listen at, see ``RefusingPort``.
  package static func next() throws -> Int { try RefusingPort().number }
}
