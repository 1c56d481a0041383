extension BreakerSettings {
  /// How long a breaker stays open that opened for the `trip`-th time in a row (from 1), in
  /// milliseconds: the open time, grown and capped, anywhere within its jitter and its cap.
  func openMilliseconds(trip: Int, using generator: inout some RandomNumberGenerator) -> Int64 {
    let range = openRange(trip: trip)
    return Int64.random(in: range, using: &generator)
  }

  /// What ``openMilliseconds(trip:using:)`` chooses from.
  func openRange(trip: Int) -> ClosedRange<Int64> {
    let cap = Double(openTimeCap.milliseconds)
    var middle = Double(openTime.milliseconds)
    var remaining = max(0, trip - 1)
    while remaining > 0, middle < cap {
      middle *= openTimeGrowth
      remaining -= 1
      if openTimeGrowth == 1 { break }
    }
    middle = min(middle, cap)
    let lower = Int64(middle * (1 - openTimeJitter))
    let upper = Int64(min(cap, middle * (1 + openTimeJitter)))
    return lower...max(lower, upper)
  }
}
