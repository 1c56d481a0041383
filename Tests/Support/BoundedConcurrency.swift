import Foundation
import Synchronization
package import Testing

/// Lets only a few tests of the suites that have it run at one time.
///
/// The testing library begins all tests at once. Hundreds of servers and clients on a machine with
/// few cores then wait for each other, and what waits for a time-out in a test waits in vain.
package struct BoundedConcurrency: SuiteTrait, TestTrait, TestScoping {
  package var isRecursive: Bool { true }

  package func provideScope(
    for test: Test, testCase: Test.Case?,
    performing function: @concurrent @Sendable () async throws -> Void
  ) async throws {
    guard testCase != nil else { return try await function() }
    await Self.places.enter()
    defer { Self.places.leave() }
    try await function()
  }

  private static let places = Places(ProcessInfo.processInfo.activeProcessorCount * 2)

  /// Places for so many; the others wait in the order of their coming.
  private final class Places: Sendable {
    private let state: Mutex<(free: Int, waiting: [CheckedContinuation<Void, Never>])>

    init(_ count: Int) { state = Mutex((count, [])) }

    func enter() async {
      await withCheckedContinuation { continuation in
        let isFree = state.withLock { state in
          if state.free > 0 {
            state.free -= 1
            return true
          }
          state.waiting.append(continuation)
          return false
        }
        if isFree { continuation.resume() }
      }
    }

    func leave() {
      let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
        if state.waiting.isEmpty {
          state.free += 1
          return nil
        }
        return state.waiting.removeFirst()
      }
      next?.resume()
    }
  }
}

extension Trait where Self == BoundedConcurrency {
  /// Few at one time, with all others that have this trait.
  package static var bounded: Self { Self() }
}
