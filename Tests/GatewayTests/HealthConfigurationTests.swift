import Testing

@testable import Gateway

@Suite("Active checks in the configuration")
struct HealthConfigurationTests {
  private static func yaml(_ providers: String) -> String {
    validUpstream + "health: {checks: true, providers: [\(providers)]}\n"
  }

  @Test("may be for some upstreams and image providers only, which there are")
  func providers() throws {
    let configuration = try load(Self.yaml("a, openai"), catalog: smallCatalog)
    #expect(configuration.health.providers == ["a", "openai"])
    #expect(try load(validUpstream, catalog: smallCatalog).health.providers.isEmpty)
    #expect(
      faults(Self.yaml("fal, opena"), catalog: smallCatalog) == [
        "easel.yaml:5: health.providers: 'opena' (entry 2) is neither an upstream nor an image "
          + "provider; did you mean 'openai'?"
      ])
  }

  @Test("may name the upstream that the environment stands for")
  func environment() throws {
    let yaml = "health: {checks: true, providers: [openai]}\n"
    let configuration = try load(yaml, environment: ["OPENAI_API_KEY": "k"])
    #expect(configuration.health.providers == ["openai"])
  }
}
