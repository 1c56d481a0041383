import Resilience
import SeededRandom
import Testing

@Suite("The wait before a retry")
struct BackoffTests {
  private static func delays(
    retry: Int, _ cause: Backoff.Cause, retryAfterMs: Int64? = nil
  ) -> [Int64] {
    var generator = SeededGenerator(5)
    return (0..<2000).compactMap { _ in
      Backoff().delay(
        retry: retry, cause: cause, retryAfterMs: retryAfterMs, remainingMs: .max,
        using: &generator)
    }
  }

  @Test(
    arguments: zip(
      [1, 2, 3, 4, 5, 6, 60, Int.max], [250, 500, 1000, 2000, 4000, 5000, 5000, 5000]))
  func afterAFailureItIsAnywhereUpToADoublingBound(retry: Int, longest: Int64) {
    let delays = Self.delays(retry: retry, .failure)
    #expect(delays.count == 2000)
    #expect(delays.allSatisfy { (0...longest).contains($0) })
    #expect((delays.min() ?? .max) < longest / 20)
    #expect((delays.max() ?? 0) > longest * 19 / 20)
  }

  @Test func afterA429ItIsAtLeastHalfOfTheBound() {
    let delays = Self.delays(retry: 3, .rateLimited)
    #expect(delays.allSatisfy { (500...1000).contains($0) })
    #expect((delays.min() ?? .max) < 550)
    #expect((delays.max() ?? 0) > 950)
  }

  @Test func neverLessThanTheProviderAskedForAndALittleMore() {
    for cause in [Backoff.Cause.failure, .rateLimited] {
      let delays = Self.delays(retry: 1, cause, retryAfterMs: 34_400)
      #expect(delays.allSatisfy { (34_400...34_650).contains($0) })
      #expect(Set(delays).count > 100)
    }
    let odd = Self.delays(retry: 1, .failure, retryAfterMs: -1)
    #expect(odd.allSatisfy { (0...250).contains($0) })
  }

  @Test func whatWouldTakeTooLongIsNotWaitedFor() {
    var generator = SeededGenerator(6)
    let late = Backoff().delay(
      retry: 1, cause: .rateLimited, retryAfterMs: .max, remainingMs: 60_000, using: &generator)
    #expect(late == nil)
    let none = Backoff().delay(
      retry: 1, cause: .rateLimited, remainingMs: 100, using: &generator)
    #expect(none == nil)
    let short = Backoff().delay(
      retry: 1, cause: .rateLimited, remainingMs: 250, using: &generator)
    #expect(short != nil)
  }

  @Test func boundsAreKept() {
    let odd = Backoff(baseMs: -5, capMs: -9)
    #expect(odd.base == 1)
    #expect(odd.cap == 1)
    var generator = SeededGenerator(7)
    let first = odd.delay(retry: Int.min, cause: .failure, remainingMs: 10, using: &generator)
    #expect(first.map { $0 <= 1 } == true)
  }
}
