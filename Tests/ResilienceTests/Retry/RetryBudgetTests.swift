import Resilience
import SeededRandom
import Synchronization
import Testing

@Suite("The budget of retries")
struct RetryBudgetTests {
  @Test func anOutageIsMultipliedByAFifthAtMost() {
    var budget = RetryBudget(now: 0)
    var (requests, retries) = (0, 0)
    // A minute at 500 requests a second that all fail, two retries wanted for each.
    for now in stride(from: Int64(0), to: 60_000, by: 2) {
      budget.addRequest(now: now)
      requests += 1
      for _ in 0..<2 where budget.takeRetry(now: now) { retries += 1 }
    }
    #expect(requests == 30_000)
    // The few a second come in place of the share, not on top of it.
    #expect(retries <= requests / 5 + 3)
    #expect(retries >= requests / 5)
  }

  @Test func aFewRetriesASecondNeedNoRequests() {
    var budget = RetryBudget(ratio: 0, floorPerSecond: 3, now: 0)
    var retries = 0
    for now in stride(from: Int64(0), through: 10_000, by: 10) where budget.takeRetry(now: now) {
      retries += 1
    }
    #expect(retries == 33)
  }

  @Test func withoutAFloorNothingIsThereAtFirst() {
    var budget = RetryBudget(ratio: 0.2, floorPerSecond: 0, now: 0)
    for request in 1...20 {
      budget.addRequest(now: Int64(request) * 1000)
      let isTaken = budget.takeRetry(now: Int64(request) * 1000)
      #expect(isTaken == (request % 5 == 0))
    }
  }

  @Test func savingsAreBounded() {
    var budget = RetryBudget(ratio: 0.2, floorPerSecond: 2, burst: 10, now: 0)
    for number in 0..<1_000_000 { budget.addRequest(now: Int64(number)) }
    #expect(budget.available(now: 1_000_000) == 10)
    var retries = 0
    while budget.takeRetry(now: 1_000_000) { retries += 1 }
    #expect(retries == 10)
  }

  @Test func savingsAreGoneAfterTenSeconds() {
    var budget = RetryBudget(ratio: 0.2, floorPerSecond: 0, now: 0)
    for now in stride(from: Int64(0), to: 20_000, by: 100) { budget.addRequest(now: now) }
    // Ten requests a second: those of the last ten seconds pay for 20.
    #expect(budget.available(now: 19_999) == 20)
    #expect(budget.available(now: 24_000) == 10)
    #expect(budget.available(now: 28_999) == 2)
    #expect(budget.available(now: 29_000) == 0)
  }

  /// A quiet time saves nothing up: whoever comes with a burst gets its share.
  @Test func aBurstAfterAQuietTimeIsMultipliedByAFifthAtMost() {
    var budget = RetryBudget(ratio: 0.2, floorPerSecond: 3, now: 0)
    for now in stride(from: Int64(0), to: 60_000, by: 10) { budget.addRequest(now: now) }
    var (requests, retries) = (0, 0)
    for _ in 0..<60 {
      requests += 1
      budget.addRequest(now: 90_000)
      if budget.takeRetry(now: 90_000) { retries += 1 }
    }
    #expect(retries <= requests / 5 + 3)
  }

  @Test func savingsOutOfTheOldestAreTakenFirst() {
    var budget = RetryBudget(ratio: 1, floorPerSecond: 0, now: 0)
    for now: Int64 in [0, 5000] {
      for _ in 0..<3 { budget.addRequest(now: now) }
    }
    let taken = (0..<4).allSatisfy { _ in budget.takeRetry(now: 9000) }
    #expect(taken)
    #expect(budget.available(now: 10_000) == 2)
    #expect(budget.available(now: 15_000) == 0)
  }

  @Test func allLoopsTakeOutOfOne() async {
    let clock = Atomic<Int64>(0)
    let budget = SharedRetryBudget(ratio: 0.2, floorPerSecond: 3) {
      clock.load(ordering: .relaxed)
    }
    func take() async -> Int {
      await withTaskGroup(of: Int.self) { group in
        for _ in 0..<8 {
          group.addTask { (0..<100).count { _ in budget.takeRetry() } }
        }
        return await group.reduce(0, +)
      }
    }
    #expect(await take() == 3)
    clock.store(1000, ordering: .relaxed)
    #expect(await take() == 3)
    for _ in 0..<100 { budget.addRequest() }
    #expect(await take() == 20)
  }

  @Test func aClockSetBackPaysNothing() {
    var budget = RetryBudget(ratio: 0, floorPerSecond: 1, now: 10_000)
    let first = budget.takeRetry(now: 10_000)
    let back = budget.takeRetry(now: 5000)
    let early = budget.takeRetry(now: 5999)
    let due = budget.takeRetry(now: 6000)
    #expect([first, back, early, due] == [true, false, false, true])
  }

  @Test func settingsOutOfBoundsAreMovedIntoThem() {
    var none = RetryBudget(ratio: -1, floorPerSecond: -1, burst: -1, now: 0)
    for _ in 0..<100 { none.addRequest(now: 0) }
    let refused = none.takeRetry(now: 1000)
    #expect(!refused)
    var odd = RetryBudget(ratio: .nan, floorPerSecond: .max, burst: .max, now: .min)
    odd.addRequest(now: .max)
    #expect(odd.available(now: .max) == 1000)
  }

  /// Whatever happens: in no span of time more than the ratio, the floor and one burst.
  @Test(arguments: 1...20) func noSpanOfTimeSeesMore(seed: UInt64) {
    var generator = SeededGenerator(seed)
    var budget = RetryBudget(ratio: 0.25, floorPerSecond: 2, burst: 8, now: 0)
    var log: [(now: Int64, requests: Int, retries: Int)] = []
    var (now, requests, retries): (Int64, Int, Int) = (0, 0, 0)
    for _ in 0..<400 {
      now += Int64.random(in: 0...300, using: &generator)
      if Bool.random(using: &generator) {
        requests += 1
        budget.addRequest(now: now)
      }
      while Int.random(in: 0..<3, using: &generator) > 0 {
        if budget.takeRetry(now: now) { retries += 1 }
      }
      log.append((now, requests, retries))
    }
    for start in log.indices {
      for end in start..<log.endIndex {
        let span = Double(log[end].now - log[start].now) / 1000
        let paid = 0.25 * Double(log[end].requests - log[start].requests)
        let taken = Double(log[end].retries - log[start].retries)
        guard taken <= paid + 2 * span + 2 + 8 else {
          Issue.record("\(taken) retries within \(span) s")
          return
        }
      }
    }
  }
}
