import EventLoop
import Foundation
import HTTP
import Simulator
import TestSupport
import Testing

@Suite("The shape of the health pages", .bounded, .timeLimit(.minutes(10)))
struct HealthPageShapeTests {
  /// An object and what is in it, as Foundation reads it.
  private typealias Object = [String: Any]

  private static let provider: Set = [
    "kind", "provider", "available", "key", "flag", "check", "outliers", "models",
  ]
  private static let model: Set = [
    "model", "available", "obstacle", "reason", "breaker", "last_error", "calls",
  ]
  private static let breaker: Set = [
    "state", "since", "opened_at", "next_trial_at", "next_trial_in_ms", "trips", "failures",
    "calls", "slow", "failures_of_all", "threshold", "window_ms", "source",
  ]
  private static let calls: Set = [
    "window_ms", "count", "failures", "success_rate", "p50_ms", "p90_ms", "p99_ms",
  ]
  private static let states: Set = [
    "closed", "open", "half_open", "cooling_down", "bad_key", "no_credit", "forced_open",
    "forced_closed",
  ]

  private static func get(_ path: String, _ scenario: MetricsScenario) async throws -> Object {
    let request = ClientRequest(.get, scenario.url.appending(path: path))
    let body = try await scenario.client.send(request, bodyLimit: 1 << 20).body
    return try #require(try JSONSerialization.jsonObject(with: Data(body)) as? Object)
  }

  /// Expects every member, and returns the models of the image provider by their names.
  private static func models(_ scenario: MetricsScenario) async throws -> [String: Object] {
    let page = try await get("health/providers", scenario)
    #expect(Set(page.keys) == ["status", "time", "state", "providers"])
    let providers = try #require(page["providers"] as? [Object])
    #expect(providers.count == 2)
    var result: [String: Object] = [:]
    for provider in providers {
      #expect(Set(provider.keys) == Self.provider)
      for name in ["key", "flag"] {
        #expect((provider[name] as? Object)?.keys.contains("variable") == true)
      }
      for model in try #require(provider["models"] as? [Object]) {
        #expect(Set(model.keys) == Self.model)
        #expect(Set(try #require(model["breaker"] as? Object).keys) == breaker)
        #expect(Set(try #require(model["calls"] as? Object).keys) == calls)
        result[try #require(model["model"] as? String)] = model
      }
    }
    return result
  }

  @Test("members are always there, null where nothing is known")
  func stable() async throws {
    let rules = "circuit_breaker: {rules: [{for: image, failures: 1, open: 10m}]}"
    try await MetricsScenario.run(configuration: rules, breakers: true) { scenario in
      let before = try #require(try await Self.models(scenario)["gpt-image-1"])
      for name in ["obstacle", "reason", "last_error"] { #expect(before[name] is NSNull) }
      let closed = try #require(before["breaker"] as? Object)
      for name in ["since", "opened_at", "next_trial_at"] { #expect(closed[name] is NSNull) }
      #expect((before["calls"] as? Object)?["p50_ms"] is NSNull)

      scenario.fail("images", status: 503)
      #expect(try await scenario.post("v1/images/generations", "{\"prompt\":\"a fox\"}") == 200)
      let models = try await Self.models(scenario)
      let failed = try #require(models["gpt-image-1"])
      #expect(failed["obstacle"] as? String == "breaker")
      #expect(failed["last_error"] is Object)
      let open = try #require(failed["breaker"] as? Object)
      for name in ["since", "opened_at", "next_trial_at"] { #expect(open[name] is NSNumber) }
      #expect((models["dall-e-3"]?["calls"] as? Object)?["p50_ms"] is NSNumber)

      let keys = try #require(
        try await Self.get("health/providers", scenario)["providers"] as? [Object])
      let key = try #require(keys.first?["key"] as? Object)
      #expect(key["variable"] as? String == "UPSTREAM_KEY")

      let health = try await Self.get("health", scenario)
      let counts = try #require(health["breakers"] as? [String: Int])
      #expect(Set(counts.keys) == Self.states)
      #expect(counts["open"] == 1 && counts["closed"] == 2 && counts["bad_key"] == 0)
    }
  }
}
