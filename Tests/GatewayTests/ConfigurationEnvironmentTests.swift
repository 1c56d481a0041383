import Images
import Observability
import Testing

@testable import Gateway

@Suite("The environment")
struct ConfigurationEnvironmentTests {
  @Test("with OpenAI's key alone gives OpenAI for chats, and the catalog's models for pictures")
  func keyAlone() throws {
    let configuration = try load(
      nil, environment: ["OPENAI_API_KEY": "sk-1"], catalog: smallCatalog)
    var upstream = UpstreamConfiguration(name: "openai", baseURL: "https://api.openai.com/v1")
    upstream.apiKeyVariable = "OPENAI_API_KEY"
    upstream.apiKey = Secret("sk-1")
    #expect(configuration.upstreams == [upstream])
    #expect(configuration.images.providers.isEmpty)
    let usable = configuration.catalog.images.providers.filter(\.isUsable)
    #expect(usable.map(\.name) == ["openai"])
    #expect(usable.first?.apiKey == Secret("sk-1"))
    #expect(configuration.warnings.isEmpty)
  }

  @Test("with another server gives that server, and no pictures unless a model is named")
  func otherServer() throws {
    var environment = ["OPENAI_BASE_URL": "http://127.0.0.1:11434/v1/"]
    let plain = try load(nil, environment: environment)
    #expect(plain.upstreams == [.init(name: "openai", baseURL: "http://127.0.0.1:11434/v1")])
    #expect(plain.images.providers.isEmpty)
    #expect(
      plain.warnings.map(\.message) == [
        "no image provider, so no pictures; there is no PROVIDER_CATALOG.json here: name one with "
          + "--catalog, set EASEL_IMAGE_MODEL, list one under images.providers, or set "
          + "image_tool.enabled to false"
      ])
    environment["EASEL_IMAGE_MODEL"] = "flux"
    environment["OPENAI_API_KEY"] = "sk-2"
    let drawing = try load(nil, environment: environment)
    #expect(drawing.images.providers.map(\.baseURL) == ["http://127.0.0.1:11434/v1"])
    #expect(drawing.images.providers.first?.models.map(\.id) == ["flux"])
    #expect(drawing.images.providers.first?.apiKey == Secret("sk-2"))
    #expect(drawing.warnings.isEmpty)
  }

  @Test("can turn pictures off, also those of a file")
  func noPictures() throws {
    let environment = ["OPENAI_API_KEY": "sk-1", "EASEL_IMAGE_MODEL": "none"]
    for yaml in [nil, validUpstream + validProvider] {
      let configuration = try load(yaml, environment: environment, catalog: smallCatalog)
      #expect(configuration.images.providers.isEmpty)
      #expect(configuration.catalog.images.providers.isEmpty)
      #expect(configuration.warnings.isEmpty)
    }
  }

  @Test("does not replace the upstreams and providers of a file, and says so")
  func fileWins() throws {
    let environment = [
      "OPENAI_API_KEY": "sk-1", "OPENAI_BASE_URL": "http://env/v1", "EASEL_IMAGE_MODEL": "flux",
    ]
    let configuration = try load(validUpstream + validProvider, environment: environment)
    #expect(configuration.upstreams.map(\.name) == ["a"])
    #expect(configuration.images.providers.map(\.name) == ["p"])
    #expect(
      configuration.warnings.map(\.message) == [
        "OPENAI_BASE_URL is set but not used, because easel.yaml lists upstreams",
        "EASEL_IMAGE_MODEL is set but not used, because easel.yaml lists images.providers",
      ])
  }

  @Test("does not add paid pictures to a file that lists upstreams only, unless a model is named")
  func fileWithoutPictures() throws {
    let plain = try load(validUpstream, environment: ["OPENAI_API_KEY": "sk-1"])
    #expect(plain.images.providers.isEmpty)
    let named = try load(
      validUpstream, environment: ["OPENAI_API_KEY": "sk-1", "EASEL_IMAGE_MODEL": "gpt-image-1"])
    #expect(named.images.providers.map(\.baseURL) == ["https://api.openai.com/v1"])
    #expect(named.images.providers.first?.apiKey == Secret("sk-1"))
  }

  @Test("that lacks the key of an upstream is a warning, and an error for a check")
  func missingKeys() throws {
    let yaml = """
      upstreams:
        - {name: a, base_url: "http://a", api_key_env: A_KEY}
        - {name: b, base_url: "http://b", headers: {x-key: "${B_KEY}"}}
      images:
        providers: [{name: p, base_url: "http://p", api_key_env: P_KEY, models: [{id: m}]}]
      """
    let configuration = try load(yaml, environment: ["P_KEY": "  "])
    #expect(configuration.upstreams.map(\.apiKey) == [nil, nil])
    #expect(configuration.upstreams.first?.apiKeyVariable == "A_KEY")
    #expect(configuration.upstreams.last?.headers.isEmpty == true)
    #expect(
      configuration.warnings == [
        .init(
          "upstreams[0] (a): A_KEY is not set, so requests go out without a key", failsCheck: true),
        .init(
          "upstreams[1].headers.x-key: B_KEY is not set, so the header is left out",
          failsCheck: true),
        .init("images.providers[0] (p): P_KEY is not set, so requests go out without a key"),
      ])
    let openAI = try load(
      nil,
      environment: ["OPENAI_BASE_URL": "https://api.openai.com/v1", "EASEL_IMAGE_MODEL": "none"])
    #expect(openAI.warnings.map(\.failsCheck) == [true])
  }

  @Test("with a key that no header can carry is a fault that does not show the key")
  func brokenKey() {
    #expect(
      faults(nil, environment: ["OPENAI_API_KEY": "sk-1\nsk-2"]).first
        == "OPENAI_API_KEY: holds characters that no key has, such as spaces or line breaks")
  }

  @Test("with a misspelt variable is a warning")
  func misspelt() throws {
    let environment = [
      "OPENAI_API_KEY": "sk-1", "EASEL_LISTN": "x", "EASEL_WHATEVER_ELSE": "y", "OTHER": "z",
      "EASEL_IMAGE_MODEL": "none",
    ]
    #expect(
      try load(nil, environment: environment).warnings.map(\.message) == [
        "EASEL_LISTN is set, but is no variable of Easel; did you mean EASEL_LISTEN?",
        "EASEL_WHATEVER_ELSE is set, but is no variable of Easel",
      ])
    let named = """
      upstreams: [{name: a, base_url: "http://a", api_key_env: EASEL_LISTN}]
      image_tool: {enabled: false}
      """
    #expect(try load(named, environment: ["EASEL_LISTN": "x"]).warnings.isEmpty)
  }
}
