/// Calls of the last while, counted exactly in parts of equal length: a ring of buckets.
///
/// Exact counts, not a decaying average: an average weighted by arrival hides a total outage in a
/// short burst. Memory is constant.
struct FailureWindow: Sendable, Hashable {
  private let bucketLength: Int64
  private var buckets: [CallCounts]
  /// The newest bucket's number, counted from time 0.
  private var newest: Int64 = 0

  init(length: Int64, buckets: Int) {
    bucketLength = max(1, length / Int64(buckets))
    self.buckets = Array(repeating: CallCounts(), count: buckets)
  }

  /// The counts of the calls that are at `now` still in the window.
  func counts(now: Int64) -> CallCounts {
    let current = max(newest, number(of: now))
    var sum = CallCounts()
    for age in (current - newest)..<max(current - newest, Int64(buckets.count)) {
      sum += buckets[slot(of: current - age)]
    }
    return sum
  }

  mutating func addSuccess(slow: Bool, now: Int64) {
    let slot = advance(to: now)
    buckets[slot].calls += 1
    if slow { buckets[slot].slow += 1 }
  }

  mutating func addFailure(now: Int64) {
    let slot = advance(to: now)
    buckets[slot].calls += 1
    buckets[slot].failures += 1
  }

  mutating func clear() {
    for slot in buckets.indices { buckets[slot] = CallCounts() }
  }

  /// Forgets the parts that were over at a time.
  mutating func forget(before time: Int64) {
    for age in 0..<Int64(buckets.count) where newest - age < number(of: time) {
      buckets[slot(of: newest - age)] = CallCounts()
    }
  }

  private mutating func advance(to now: Int64) -> Int {
    let current = number(of: now)
    let length = Int64(buckets.count)
    if current <= newest - length {
      // The clock was set back by more than the window: what was counted has no place in it.
      clear()
      newest = current
    } else if current > newest {
      for step in 0..<min(length, current - newest) {
        buckets[slot(of: current - step)] = CallCounts()
      }
      newest = current
    }
    return slot(of: current)
  }

  /// The number of the part that a time is in: nearly always the newest one, which takes no division.
  func number(of now: Int64) -> Int64 {
    let age = now - newest * bucketLength
    return (0..<bucketLength).contains(age) ? newest : max(0, now) / bucketLength
  }

  private func slot(of number: Int64) -> Int {
    let length = Int64(buckets.count)
    return Int(((number % length) + length) % length)
  }
}
