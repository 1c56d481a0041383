/// Waits until something is so, looking every few milliseconds.
/// - Parameters:
///   - what: a clause for the error, such as `the gateway listens`.
///   - limit: long enough for the busiest machine: it is there so that a test ends, not to measure.
/// - Throws: `TestError` where it is not so in time, `CancellationError` once the test's own time
///   limit is over, and what `condition` throws.
package nonisolated(nonsending) func eventually(
  _ what: String, within limit: Duration = .seconds(60),
  _ condition: () async throws -> Bool
) async throws {
  let clock = ContinuousClock()
  let deadline = clock.now + limit
  while try await !condition() {
    guard clock.now < deadline else { throw TestError("It is not so within \(limit): \(what)") }
    // A pause between two looks, so that a test that waits takes nothing from those that work.
    try await clock.sleep(for: .milliseconds(3))
  }
}

/// What keeps a test from going on, in one sentence.
package struct TestError: Error, CustomStringConvertible {
  package let description: String
  package init(_ description: String) { self.description = description }
}
