/// How many retries a provider may get: a share of its requests, or a few each second where that is
/// more, so that retries never multiply an outage. Finagle's and tower's budget, but that the few a
/// second come in place of the share and not on top of it: while requests come in numbers, retries
/// are never more than their share.
/// https://docs.rs/tower/latest/tower/retry/budget/
///
/// Two buckets of thousandths of a retry, both bounded: what requests have paid in, and what time
/// has. A retry is taken out of both, and is there while one of them has it. What requests have paid
/// in expires, as with Finagle: else a quiet hour would pay for a burst.
/// https://twitter.github.io/finagle/guide/Clients.html#retries
package struct RetryBudget: Sendable, Hashable {
  private let deposit: Int64
  private let floorPerSecond: Int64
  private let largestDeposit: Int64
  /// What was paid in, by the second in which it was; the oldest first.
  private var deposits: [Deposit] = []
  private var deposited: Int64 = 0
  private var floor: Int64
  private var refilledAt: Int64

  private struct Deposit: Sendable, Hashable {
    let second: Int64
    var amount: Int64
  }

  /// A budget that begins at `now` (milliseconds) with a second's worth of the floor.
  ///
  /// - Parameters:
  ///   - ratio: retries that one request pays for, 0 to 1.
  ///   - floorPerSecond: retries a second that nothing need pay for, 0 to 1,000.
  ///   - burst: the retries that may be saved up, 1 to 100,000.
  package init(ratio: Double = 0.2, floorPerSecond: Int = 3, burst: Int = 100, now: Int64) {
    deposit = Int64((ratio.finite(or: 0).clamped(to: 0...1) * Double(Self.retry)).rounded())
    self.floorPerSecond = Int64(floorPerSecond.clamped(to: 0...1000))
    largestDeposit = Int64(burst.clamped(to: 1...100_000)) * Self.retry
    floor = self.floorPerSecond * Self.retry
    refilledAt = now
  }

  /// Pays in for a request that a client made; not for its retries.
  package mutating func addRequest(now: Int64) {
    expire(now: now)
    guard deposit > 0 else { return }
    let second = now / 1000
    if deposits.last?.second == second {
      deposits[deposits.endIndex - 1].amount += deposit
    } else {
      deposits.append(Deposit(second: second, amount: deposit))
    }
    deposited += deposit
    // The oldest makes room, so that what is saved stays for as long as may be.
    if deposited > largestDeposit { spend(deposited - largestDeposit) }
  }

  /// Takes a retry out of the budget, if there is one.
  package mutating func takeRetry(now: Int64) -> Bool {
    expire(now: now)
    refill(now: now)
    guard max(floor, deposited) >= Self.retry else { return false }
    floor = max(0, floor - Self.retry)
    spend(min(deposited, Self.retry))
    return true
  }

  /// The retries that could be taken at `now`.
  package func available(now: Int64) -> Int {
    var copy = self
    copy.expire(now: now)
    copy.refill(now: now)
    return Int(max(copy.floor, copy.deposited) / Self.retry)
  }

  private static let retry: Int64 = 1000
  /// Seconds for which what was paid in can be taken out.
  private static let lifetime: Int64 = 10

  private mutating func spend(_ amount: Int64) {
    deposited -= amount
    var left = amount
    while left > 0, let first = deposits.first {
      guard first.amount <= left else {
        deposits[0].amount -= left
        return
      }
      left -= first.amount
      deposits.removeFirst()
    }
  }

  private mutating func expire(now: Int64) {
    let second = now / 1000
    // A clock that was set back begins anew.
    if let last = deposits.last, last.second > second { spend(deposited) }
    while let first = deposits.first, first.second <= second - Self.lifetime {
      spend(first.amount)
    }
  }

  private mutating func refill(now: Int64) {
    // A second fills the floor; a clock that was set back pays nothing.
    let (difference, overflow) = now.subtractingReportingOverflow(refilledAt)
    let elapsed = overflow ? 0 : difference.clamped(to: 0...1000)
    floor = min(floor + elapsed * floorPerSecond, floorPerSecond * Self.retry)
    refilledAt = now
  }
}
