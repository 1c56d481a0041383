import Testing

@testable import Resilience

@Suite("Counts that the others do not know")
struct UnsentCountsTests {
  private let failure = CallCounts(calls: 1, failures: 1)
  private let old = Epoch(generation: 0, number: 1)
  private let new = Epoch(generation: 0, number: 2)
  private let plenty = CallCounts(calls: 100, failures: 100, slow: 100)

  @Test("a late failure of an earlier state takes nothing from the present one's")
  func straggler() {
    var unsent = UnsentCounts()
    for epoch in [new, new, old, new] { unsent.add(failure, under: epoch, current: new) }
    let parts = unsent.take(within: plenty, current: new)
    #expect(parts.map(\.epoch) == [new, old])
    #expect(parts.map(\.counts.failures) == [3, 1])
    #expect(unsent.isEmpty)
  }

  @Test("successes of an earlier state matter to nobody")
  func successes() {
    var unsent = UnsentCounts()
    unsent.add(CallCounts(calls: 1), under: old, current: new)
    #expect(unsent.isEmpty)
  }

  @Test("no more is told of the present state than is in the window still")
  func window() {
    var unsent = UnsentCounts()
    for _ in 0..<5 { unsent.add(failure, under: new, current: new) }
    let parts = unsent.take(within: CallCounts(calls: 2, failures: 2), current: new)
    #expect(parts.map(\.counts) == [CallCounts(calls: 2, failures: 2)])
  }

  @Test("of many earlier states the oldest are forgotten, and never the present one")
  func bounds() {
    var unsent = UnsentCounts()
    unsent.add(failure, under: new, current: new)
    for number in 10..<20 {
      unsent.add(failure, under: Epoch(generation: 0, number: Int64(number)), current: new)
    }
    let parts = unsent.take(within: plenty, current: new)
    #expect(parts.map(\.epoch) == [new, Epoch(generation: 0, number: 19)])
  }

  @Test("what the others have lost is told again, as far as it is known here to be lost")
  func lost() {
    var sent = SentCounts()
    func missing(_ total: CallCounts, in part: Int64) -> CallCounts? {
      sent.takeMissing(in: total, after: failure, under: new, in: part, of: 5)
    }
    for part in [1, 2, 4, 4] as [Int64] { sent.add(failure, under: new, in: part, of: 5) }
    #expect(missing(CallCounts(calls: 4, failures: 4), in: 4) == nil)
    #expect(missing(CallCounts(calls: 9, failures: 9), in: 4) == nil, "others count too")
    #expect(missing(failure, in: 4) == CallCounts(calls: 3, failures: 3))
    #expect(missing(failure, in: 4) == nil, "it is told once")
    for part in [5, 9] as [Int64] { sent.add(failure, under: new, in: part, of: 5) }
    #expect(missing(failure, in: 9) == nil, "the first have left the window")
    #expect(
      sent.takeMissing(in: CallCounts(), after: failure, under: old, in: 9, of: 5) == nil)
  }
}
