import Resilience
import Testing

@Suite("Who differs from the others")
struct OutlierRuleTests {
  private typealias Provider = OutlierRule.Provider

  private static func key(
    _ provider: String, _ model: String = "m", _ kind: BreakerKey.Kind = .chat
  ) -> BreakerKey { BreakerKey(kind, provider: provider, model: model) }

  /// Calls that went so.
  private static func calls(_ good: Int, _ failed: Int = 0, ms: Int64 = 100) -> LatencySummary {
    var window = LatencyWindow()
    for _ in 0..<good { window.addSuccess(durationMs: ms, now: 1000) }
    for _ in 0..<failed { window.addFailure(now: 1000) }
    return window.summary(now: 1000)
  }

  private func reasons(
    _ calls: [BreakerKey: LatencySummary]
  ) -> [String: [OutlierRule.Reason]] {
    let found = OutlierRule().outliers(among: calls)
    return Dictionary(
      found.map { ($0.key.name, $0.value.map(\.reason)) }, uniquingKeysWith: { $0 + $1 })
  }

  @Test("one that fails far more often than the others is told of, with what was measured")
  func failures() {
    let found = OutlierRule().outliers(among: [
      Self.key("a"): Self.calls(7, 3), Self.key("b"): Self.calls(100),
      Self.key("c"): Self.calls(95, 5), Self.key("d"): Self.calls(99, 1),
    ])
    #expect(found.keys.map(\.name) == ["a"])
    #expect(found.values.first?.first?.own == 0.7)
    #expect(found.values.first?.first?.peers == 0.99)
    #expect(found.values.first?.first?.model == nil)
  }

  @Test("all models of a provider count together")
  func together() {
    let found = reasons([
      Self.key("a", "m"): Self.calls(3, 2), Self.key("a", "n"): Self.calls(3, 2),
      Self.key("b"): Self.calls(10),
    ])
    #expect(found == ["a": [.failures]])
  }

  @Test("where all fail alike, nobody differs")
  func alike() {
    #expect(
      reasons([Self.key("a"): Self.calls(5, 15), Self.key("b"): Self.calls(4, 16)]).isEmpty)
    // The others are measured by what most of them do, not by the best.
    #expect(
      reasons([
        Self.key("a"): Self.calls(5, 15), Self.key("b"): Self.calls(4, 16),
        Self.key("c"): Self.calls(20), Self.key("d"): Self.calls(6, 14),
      ]).isEmpty)
  }

  @Test("few calls say nothing, nor do those of another kind, nor those of one that has no peers")
  func silent() {
    #expect(reasons([:]).isEmpty)
    #expect(reasons([Self.key("a"): Self.calls(0, 50)]).isEmpty)
    #expect(reasons([Self.key("a"): Self.calls(0, 9), Self.key("b"): Self.calls(50)]).isEmpty)
    #expect(reasons([Self.key("a"): Self.calls(0, 50), Self.key("b"): Self.calls(9)]).isEmpty)
    #expect(
      reasons([
        Self.key("a"): Self.calls(0, 50), Self.key("b", "m", .image): Self.calls(50),
      ]).isEmpty)
  }

  @Test("a model that takes far longer than it does elsewhere is told of")
  func latency() {
    let found = OutlierRule().outliers(among: [
      Self.key("a"): Self.calls(20, ms: 900), Self.key("b"): Self.calls(20, ms: 200),
      Self.key("c"): Self.calls(20, ms: 250),
      // Other models take their own times.
      Self.key("b", "large"): Self.calls(20, ms: 9000),
      Self.key("b", "*"): Self.calls(20, ms: 9000),
      Self.key("c", "*"): Self.calls(20, ms: 10),
    ])
    #expect(found.keys.map(\.name) == ["a"])
    let outlier = found.values.first?.first
    #expect(outlier?.reason == .latency && outlier?.model == "m")
    #expect((870...930).contains(outlier?.own ?? 0) && (190...210).contains(outlier?.peers ?? 0))
  }

  @Test("what is quick is not slow for being a multiple of what is quicker")
  func quick() {
    #expect(
      reasons([Self.key("a"): Self.calls(20, ms: 60), Self.key("b"): Self.calls(20, ms: 5)]).isEmpty
    )
    #expect(
      reasons([Self.key("a"): Self.calls(20, ms: 500), Self.key("b"): Self.calls(20, ms: 200)])
        .isEmpty)
  }

  @Test("one may differ in both")
  func both() {
    #expect(
      reasons([
        Self.key("a"): Self.calls(20, 20, ms: 900), Self.key("b"): Self.calls(20, ms: 100),
      ]) == ["a": [.failures, .latency]])
  }
}
