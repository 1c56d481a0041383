import Testing

@testable import Resilience

@Suite("What a gateway has counted, and has told the others")
struct OwnCountsTests {
  private let old = Epoch(generation: 0, number: 1)
  private let new = Epoch(generation: 0, number: 2)

  private func failures(_ count: Int) -> CallCounts { CallCounts(calls: count, failures: count) }

  /// Counts a failure in each of these states and parts of the window.
  private func counting(_ calls: (Epoch, Int64)...) -> OwnCounts {
    var own = OwnCounts()
    for (epoch, number) in calls { own.add(failures(1), in: number, under: epoch, current: new) }
    return own
  }

  private func telling(_ epoch: Epoch, _ parts: [Int64: Int]) -> OwnCounts.Telling {
    OwnCounts.Telling(epoch: epoch, parts: parts.mapValues(failures))
  }

  @Test("all of the present state is told each time; of earlier ones what is new")
  func tellings() {
    var own = counting((new, 6), (new, 7), (old, 7), (new, 7))
    let first = own.tellings(within: 1...9, current: new, evenIfNone: false)
    #expect(first == [telling(old, [7: 1]), telling(new, [6: 1, 7: 2])])
    for told in first { own.note(told) }
    #expect(!own.isUntold)
    #expect(own.tellings(within: 1...9, current: new, evenIfNone: false).isEmpty)
    #expect(own.tellings(within: 1...9, current: new, evenIfNone: true) == [first[1]])
    own.add(failures(1), in: 8, under: new, current: new)
    #expect(own.isUntold)
    #expect(
      own.tellings(within: 1...9, current: new, evenIfNone: false)
        == [telling(new, [6: 1, 7: 2, 8: 1])], "what the store has lost is there again")
  }

  @Test("what was counted while the rest was being told is told next")
  func meanwhile() {
    var own = counting((new, 7))
    let told = own.tellings(within: 1...9, current: new, evenIfNone: false)
    own.add(failures(1), in: 7, under: new, current: new)
    for telling in told { own.note(telling) }
    #expect(own.isUntold)
    #expect(
      own.tellings(within: 1...9, current: new, evenIfNone: false) == [telling(new, [7: 2])])
  }

  @Test("a late failure of an earlier state is told alone, with what it was told before")
  func straggler() {
    var own = counting((old, 7))
    for telling in own.tellings(within: 1...9, current: new, evenIfNone: true) { own.note(telling) }
    own.add(failures(1), in: 7, under: old, current: new)
    #expect(
      own.tellings(within: 1...9, current: new, evenIfNone: false) == [telling(old, [7: 2])])
  }

  @Test("successes of an earlier state matter to nobody")
  func successes() {
    var own = OwnCounts()
    own.add(CallCounts(calls: 1), in: 1, under: old, current: new)
    #expect(!own.isUntold)
    #expect(own.tellings(within: 1...9, current: new, evenIfNone: false).isEmpty)
  }

  @Test("what has left the window, or is ahead of it, is forgotten")
  func window() {
    var own = counting((new, 3), (new, 9), (new, 5), (new, 12))
    #expect(
      own.tellings(within: 4...10, current: new, evenIfNone: true)
        == [telling(new, [5: 1, 9: 1])])
    #expect(
      own.tellings(within: 11...20, current: new, evenIfNone: true) == [telling(new, [:])])
    #expect(!own.isUntold)
  }

  @Test("of too much what is oldest is forgotten, and of an earlier state first")
  func bounds() {
    var own = counting((old, 1000))
    for number in 0..<400 as Range<Int64> {
      own.add(failures(1), in: number, under: new, current: new)
    }
    let tellings = own.tellings(within: 0...2000, current: new, evenIfNone: true)
    #expect(tellings.map(\.epoch) == [new])
    #expect(tellings.first?.parts.keys.sorted() == Array(144..<400))
  }
}
