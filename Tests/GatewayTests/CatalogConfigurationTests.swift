import Foundation
import Images
import Observability
import Testing

@testable import Gateway

/// Two providers, one with OpenAI's key.
let smallCatalog = """
  {
    "image": {
      "providers": {
        "openai": {
          "wireFormat": "openai",
          "baseUrl": "https://api.openai.com/v1",
          "baseUrlEnv": "OPENAI_IMAGE_BASE_URL",
          "apiKeyEnv": "OPENAI_API_KEY",
          "featureFlag": "ENABLE_IMAGE_GENERATION_OPENAI",
          "models": {
            "gpt-image-2": { "qualityTier": "high", "supportedSizes": ["1024x1024"] }
          }
        },
        "fal": {
          "wireFormat": "fal",
          "baseUrl": "https://queue.fal.run",
          "apiKeyEnv": "FAL_KEY",
          "featureFlag": "ENABLE_IMAGE_GENERATION_FAL",
          "models": {
            "fal-ai/flux/dev": { "qualityTier": "standard", "aspectRatios": ["1:1"] }
          }
        },
        "own": {
          "wireFormat": "comfyui",
          "baseUrlEnv": "COMFYUI_BASE_URL",
          "featureFlag": "ENABLE_IMAGE_GENERATION_COMFYUI",
          "models": { "flux": { "qualityTier": "fast", "aspectRatios": ["1:1"] } }
        }
      }
    },
    "chat": {
      "providers": {
        "openai": {
          "baseUrl": "https://api.openai.com/v1",
          "apiKeyEnv": "OPENAI_API_KEY",
          "models": { "talk-1": { "tools": true }, "talk-0": { "tools": false } }
        }
      }
    }
  }
  """

@Suite("The catalog in the configuration")
struct CatalogConfigurationTests {
  private let broken = smallCatalog.replacing(
    #""qualityTier": "high""#, with: #""qualityTier": "hihg""#)
  private let message =
    "PROVIDER_CATALOG.json:11: image.providers.openai.models.gpt-image-2.qualityTier: 'hihg' is "
    + "unknown; one of ultra, high, standard, fast is allowed; did you mean 'high'?"

  @Test("is read from the working directory, and not missed where it is not")
  func found() throws {
    let environment = ["OPENAI_API_KEY": "sk-1"]
    let configuration = try load(nil, environment: environment, catalog: smallCatalog)
    #expect(configuration.catalog.path == "PROVIDER_CATALOG.json")
    #expect(configuration.catalog.images.providers.map(\.name) == ["openai", "fal"])
    #expect(configuration.catalog.modelsWithoutTools(at: "https://api.openai.com/v1") == ["talk-0"])
    #expect(configuration.catalog.modelsWithoutTools(at: "https://x.test/v1").isEmpty)
    let none = try load(validUpstream + validProvider)
    #expect(none.catalog == CatalogConfiguration())
    #expect(none.warnings.isEmpty)
  }

  @Test("faults come with file, line and path, behind those of the configuration file")
  func faulty() {
    #expect(faults(validUpstream, catalog: broken) == [message])
    let found = faults(
      "log: {level: loud}\n" + validUpstream, environment: ["EASEL_THREADS": "x"], catalog: broken)
    #expect(
      found == [
        "easel.yaml:1: log.level: 'loud' is not one of debug, info, warning, error", message,
        "EASEL_THREADS: 'x' is not 'auto' or a number from 1 to 256",
      ])
  }

  @Test("that is named must be there", arguments: [true, false])
  func missing(byFlag: Bool) {
    let flags = ConfigurationFlags(catalog: byFlag ? "flag.json" : nil)
    let found = faults(
      validUpstream, environment: ["EASEL_CATALOG": "variable.json"], flags: flags,
      catalog: smallCatalog)
    #expect(found == ["\(byFlag ? "flag" : "variable").json: the file does not exist"])
  }

  @Test("without any key says which keys it wants")
  func noKeys() throws {
    let configuration = try load(validUpstream, catalog: smallCatalog)
    #expect(
      configuration.warnings.map(\.message) == [
        "no image provider, so no pictures; none of PROVIDER_CATALOG.json has its key: set one of "
          + "OPENAI_API_KEY, FAL_KEY, set EASEL_IMAGE_MODEL, list one under images.providers, or "
          + "set image_tool.enabled to false"
      ])
    #expect(configuration.warnings.allSatisfy { !$0.failsCheck })
  }

  @Test("with a misspelt feature flag is a warning")
  func misspeltFlag() throws {
    let environment = [
      "OPENAI_API_KEY": "k", "ENABLE_IMAGE_GENERATION_OPNAI": "false",
      "ENABLE_IMAGE_GENERATION_COMFYUI": "false",
    ]
    #expect(
      try load(nil, environment: environment, catalog: smallCatalog).warnings.map(\.message) == [
        "ENABLE_IMAGE_GENERATION_OPNAI is set, but is no feature flag of the catalog; did you mean "
          + "ENABLE_IMAGE_GENERATION_OPENAI?"
      ])
  }

  @Test("does not get the key of another server, unless the operator says so")
  func otherServer() throws {
    var environment = ["OPENAI_API_KEY": "k", "OPENAI_BASE_URL": "http://127.0.0.1:1/v1"]
    environment["FAL_KEY"] = "f"
    let plain = try load(nil, environment: environment, catalog: smallCatalog)
    #expect(plain.catalog.images.providers.map(\.name) == ["fal"])
    #expect(
      plain.warnings.map(\.message) == [
        "the image provider openai is left out, because OPENAI_API_KEY belongs to "
          + "OPENAI_BASE_URL; set OPENAI_IMAGE_BASE_URL to use it for pictures"
      ])
    environment["OPENAI_IMAGE_BASE_URL"] = "http://127.0.0.1:1/v1"
    let named = try load(nil, environment: environment, catalog: smallCatalog)
    #expect(named.catalog.images.providers.map(\.name) == ["openai", "fal"])
    #expect(named.warnings.isEmpty)
    environment["OPENAI_IMAGE_BASE_URL"] = nil
    environment["OPENAI_BASE_URL"] = "https://api.openai.com/v1/"
    let same = try load(nil, environment: environment, catalog: smallCatalog)
    #expect(same.catalog.images.providers.first?.apiKey == Secret("k"))
  }

  @Test("has its models asked after the one that EASEL_IMAGE_MODEL names")
  func preferred() throws {
    var environment = ["OPENAI_API_KEY": "k", "EASEL_IMAGE_MODEL": "gpt-image-2"]
    let known = try load(nil, environment: environment, catalog: smallCatalog)
    #expect(known.images.providers.isEmpty)
    #expect(known.catalog.images.providers.first?.models.first?.priority == 0)
    environment["EASEL_IMAGE_MODEL"] = "gpt-image-9"
    let other = try load(nil, environment: environment, catalog: smallCatalog)
    #expect(other.images.providers.first?.models.map(\.id) == ["gpt-image-9"])
  }

  @Test("tells who can draw")
  func summary() throws {
    let environment = [
      "OPENAI_API_KEY": "k", "ENABLE_IMAGE_GENERATION_COMFYUI": "off",
      "COMFYUI_BASE_URL": "http://127.0.0.1:8188",
    ]
    #expect(
      try load(nil, environment: environment, catalog: smallCatalog).catalog.summary == [
        "PROVIDER_CATALOG.json: 3 image providers with 3 models", "  ready: openai",
        "  without key: fal (FAL_KEY)", "  turned off: own (ENABLE_IMAGE_GENERATION_COMFYUI)",
      ])
    #expect(CatalogConfiguration().summary.isEmpty)
  }
}
