import Testing

@testable import Resilience

@Suite("Counts that the others do not know")
struct UnsentCountsTests {
  private let old = Epoch(generation: 0, number: 1)
  private let new = Epoch(generation: 0, number: 2)
  private let failure = CallCounts(calls: 1, failures: 1)

  private func part(_ epoch: Epoch, _ number: Int64, failures: Int = 1) -> UnsentCounts.Part {
    UnsentCounts.Part(
      epoch: epoch, number: number, counts: CallCounts(calls: failures, failures: failures))
  }

  @Test("a late failure of an earlier state takes nothing from the present one's")
  func straggler() {
    var unsent = UnsentCounts()
    for epoch in [new, new, old, new] { unsent.add(part(epoch, 7), current: new) }
    #expect(unsent.take(after: 0) == [part(new, 7, failures: 3), part(old, 7)])
    #expect(unsent.isEmpty)
  }

  @Test("successes of an earlier state matter to nobody")
  func successes() {
    var unsent = UnsentCounts()
    unsent.add(
      UnsentCounts.Part(epoch: old, number: 1, counts: CallCounts(calls: 1)), current: new)
    #expect(unsent.isEmpty)
  }

  @Test("what has left the window is told to nobody, and the rest in its own parts")
  func window() {
    var unsent = UnsentCounts()
    for number in [3, 9, 5, 9] as [Int64] { unsent.add(part(new, number), current: new) }
    #expect(unsent.take(after: 3) == [part(new, 5), part(new, 9, failures: 2)])
  }

  @Test("of too much what is oldest is forgotten, and of an earlier state first")
  func bounds() {
    var unsent = UnsentCounts()
    unsent.add(part(old, 1000), current: new)
    for number in 0..<200 as Range<Int64> { unsent.add(part(new, number), current: new) }
    let parts = unsent.take(after: -1)
    #expect(parts.map(\.number) == Array(72..<200))
    #expect(parts.allSatisfy { $0.epoch == new })
  }

  @Test("what the others have lost is told again, in its own parts, as far as that is known")
  func lost() {
    var sent = SentCounts()
    func missing(_ failures: Int, in number: Int64) -> [UnsentCounts.Part] {
      sent.takeMissing(
        in: CallCounts(calls: failures, failures: failures), last: part(new, number),
        after: number - 5)
    }
    for number in [1, 2, 3, 4, 4] as [Int64] { sent.add(part(new, number), after: -1) }
    #expect(missing(5, in: 4).isEmpty)
    #expect(missing(9, in: 4).isEmpty, "others count too")
    #expect(missing(3, in: 4) == [part(new, 4), part(new, 3)])
    #expect(missing(1, in: 4).isEmpty, "it is told once")
    for number in [5, 9] as [Int64] { sent.add(part(new, number), after: number - 5) }
    #expect(missing(1, in: 9).isEmpty, "the first have left the window, or may have")
    #expect(sent.takeMissing(in: CallCounts(), last: part(old, 9), after: 4).isEmpty)
  }
}
