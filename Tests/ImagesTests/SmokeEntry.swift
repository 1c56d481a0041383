import Foundation
import OpenAIWire
import Testing

@testable import Images

/// A provider of the shipped catalog, as it is to be asked for a picture, or why it cannot be.
struct SmokeEntry: Sendable, CustomTestStringConvertible {
  let name: String
  /// Nil where something is missing.
  let provider: ImageProvider?
  /// The environment variable that keeps it from being asked, and how.
  let missing: String

  var testDescription: String { name }

  /// Every provider of the catalog in its order, also those that the catalog leaves out for want of
  /// an address.
  static func all(_ environment: [String: String]) throws -> [SmokeEntry] {
    let usual = try CatalogSupport.shipped(environment).images.providers
    let file = try JSONSlice.parse(try CatalogSupport.bytes("PROVIDER_CATALOG.json"))
    return try #require(file["image"]?["providers"]).members.map { name, entry in
      let provider = usual.first { $0.name == name }
      let reason =
        switch provider {
        case nil: "\(entry["baseUrlEnv"]?.string ?? "its address") is not set"
        case let provider? where !provider.isEnabled:
          "\(provider.featureFlag ?? "its feature flag") turns it off"
        case let provider? where provider.lacksKey:
          "\(provider.keyVariable ?? "its key") is not set"
        default: ""
        }
      return SmokeEntry(
        name: name, provider: provider?.isUsable == true ? provider : nil, missing: reason)
    }
  }
}

@Suite("Which providers of the shipped catalog can be asked")
struct SmokeEntryTests {
  @Test("with one key the others are still there, each with the variable that is missing")
  func oneKey() throws {
    let entries = try SmokeEntry.all([
      "OPENAI_API_KEY": "sk-1", "ENABLE_IMAGE_GENERATION_FAL": "off",
    ])
    let file = try JSONSlice.parse(try CatalogSupport.bytes("PROVIDER_CATALOG.json"))
    let names = try #require(file["image"]?["providers"]).members.map(\.key)
    #expect(entries.map(\.name) == names && names.count > 10)
    #expect(entries.filter { $0.provider != nil }.map(\.name) == ["openai"])
    for (name, reason) in [
      ("openai", ""), ("xai", "XAI_API_KEY is not set"),
      ("azure-openai", "AZURE_OPENAI_ENDPOINT is not set"),
      ("comfyui", "COMFYUI_BASE_URL is not set"),
      ("fal", "ENABLE_IMAGE_GENERATION_FAL turns it off"),
    ] {
      #expect(entries.first { $0.name == name }?.missing == reason)
    }
    #expect(entries.allSatisfy { ($0.provider == nil) != $0.missing.isEmpty })
  }

  @Test("with no key at all, none can be, and with an address one's own server can")
  func noKey() throws {
    #expect(try SmokeEntry.all([:]).allSatisfy { $0.provider == nil && !$0.missing.isEmpty })
    let own = try SmokeEntry.all(["COMFYUI_BASE_URL": "http://127.0.0.1:8188"])
    #expect(own.filter { $0.provider != nil }.map(\.name) == ["comfyui"])
  }
}
