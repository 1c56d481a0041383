import HTTP
import Observability
import OpenAIWire
import Testing

@testable import Images

@Suite("An image profile")
struct ImageProfileTests {
  static let square = ImageSize(width: 1024, height: 1024)
  static let wide = ImageSize(width: 1536, height: 1024)

  /// A profile with every default and every limit.
  static func full() -> ImageProfile {
    var profile = ImageProfile(name: "shop")
    profile.model = "high"
    profile.quality = "medium"
    profile.size = wide
    profile.style = "natural"
    profile.background = "opaque"
    profile.outputFormat = "webp"
    profile.negativePrompt = "text"
    profile.providers = ["b"]
    profile.sizes = [square, wide].compactMap(\.self)
    profile.styles = ["vivid", "natural"]
    profile.maxCount = 2
    profile.maxCost = 0.05
    profile.onRefusal = .next
    return profile
  }

  static func applied(
    _ profile: ImageProfile = full(), _ change: (inout ImageRequest) -> Void = { _ in }
  ) throws(OpenAIError) -> ImageRequest {
    var request = ImageRequest(prompt: "a fox")
    request.model = "profile:shop"
    change(&request)
    try profile.apply(to: &request)
    return request
  }

  @Test("gives a request what it does not say")
  func defaults() throws {
    let request = try Self.applied()
    #expect(request.model == "high" && request.quality == "medium")
    #expect(request.size == Self.wide && request.style == "natural")
    #expect(request.background == "opaque" && request.outputFormat == "webp")
    #expect(request.negativePrompt == "text" && request.count == 1)
    #expect(
      request.constraints
        == ImageConstraints(
          profile: "shop", providers: ["b"], keepsSize: true, maxCost: 0.05,
          asksNextAfterRefusal: true))
  }

  @Test("that decides nothing changes nothing but the model")
  func empty() throws {
    let request = try Self.applied(ImageProfile(name: "none")) { $0.count = 10 }
    #expect(request.model == nil && request.size == nil && request.quality == nil)
    #expect(request.constraints == ImageConstraints(profile: "none"))
  }

  @Test("gives way to what a request says itself")
  func overridden() throws {
    let request = try Self.applied { request in
      request.quality = "low"
      request.size = Self.square
      request.style = "vivid"
      request.background = "auto"
      request.outputFormat = "png"
      request.negativePrompt = "rain"
      request.count = 2
    }
    #expect(request.model == "high" && request.quality == "low" && request.size == Self.square)
    #expect(request.style == "vivid" && request.background == "auto")
    #expect(request.outputFormat == "png" && request.negativePrompt == "rain")
  }

  @Test("gives way to a tier that a request asks for, unless it names a model")
  func tiers() throws {
    let tier = try Self.applied { $0.quality = "hd" }
    #expect(tier.model == nil && tier.tier == .high)
    var profile = Self.full()
    profile.model = "b/one"
    #expect(try Self.applied(profile) { $0.quality = "ultra" }.model == "b/one")
  }

  @Test("with limits and no defaults takes the first that is allowed")
  func firstAllowed() throws {
    var profile = Self.full()
    (profile.size, profile.style) = (nil, nil)
    let request = try Self.applied(profile)
    #expect(request.size == Self.square && request.style == "vivid")
  }

  @Test("leaves a picture that is changed its size, as far as it may, and its style")
  func edits() throws {
    func edited(_ side: UInt8, _ profile: ImageProfile) throws -> ImageRequest {
      let header: [UInt8] = [
        0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52,
      ]
      let picture = try #require(InputImage(header + [0, 0, side, 0, 0, 0, side, 0]))
      return try Self.applied(profile) { request in
        request.operation = .edit
        request.images = [picture]
      }
    }
    var profile = Self.full()
    #expect(try edited(4, profile).size == Self.square)
    #expect(try edited(3, profile).size == Self.wide, "one that is not allowed becomes the default")
    profile.sizes = []
    #expect(try edited(4, profile).size == nil)
    #expect(try edited(4, profile).style == nil)
  }

  @Test(
    "says what is allowed to a request that is past a limit",
    arguments: [
      (
        "size", "With the profile 'shop' the field 'size' must be one of: 1024x1024, 1536x1024.",
        ImageSize(width: 512, height: 512), "vivid", 1
      ),
      (
        "style", "With the profile 'shop' the field 'style' must be one of: vivid, natural.",
        square, "anime", 1
      ),
      (
        "n", "With the profile 'shop' the field 'n' must be an integer from 1 to 2.",
        square, "vivid", 3
      ),
    ] as [(String, String, ImageSize?, String, Int)])
  func limits(field: String, message: String, size: ImageSize?, style: String, count: Int) {
    do throws(OpenAIError) {
      _ = try Self.applied { request in
        request.size = size
        request.style = style
        request.count = count
      }
      Issue.record("it is let through")
    } catch {
      #expect(error.status == 400 && error.param == field && error.message == message)
    }
  }

  // MARK: Names

  @Test("is found by its name, or as the default for a request that names no model")
  func names() throws {
    let profiles = ImageProfiles([Self.full(), ImageProfile(name: "draft")], standard: "draft")
    func profile(of model: String?) throws -> String? {
      var request = ImageRequest(prompt: "x")
      request.model = model
      try profiles.apply(to: &request)
      return request.constraints.profile
    }
    #expect(try profile(of: "profile:shop") == "shop")
    #expect(try profile(of: nil) == "draft" && profile(of: "auto") == "draft")
    #expect(try profile(of: "high") == nil && profile(of: "b/one") == nil)
    #expect(try profiles.profile(named: nil)?.name == "draft")
    #expect(try ImageProfiles().profile(named: nil) == nil)
  }

  @Test("that does not exist is a 404 that tells where to find the others")
  func unknown() throws {
    for (profiles, hint) in [
      (ImageProfiles([Self.full()]), "There are: shop. GET /v1/models lists them"),
      (ImageProfiles(), "There are none: they are set up under images.profiles"),
    ] {
      for name in ["nobody", "", "Shop"] {
        var request = ImageRequest(prompt: "x")
        request.model = "profile:\(name)"
        do throws(OpenAIError) {
          try profiles.apply(to: &request)
          Issue.record("it is let through")
        } catch {
          #expect(error.status == 404 && error.code == "model_not_found" && error.param == "model")
          #expect(
            error.message.hasPrefix("The image profile '\(name)' does not exist. \(hint)"),
            "\(error.message)")
        }
      }
    }
  }
}
