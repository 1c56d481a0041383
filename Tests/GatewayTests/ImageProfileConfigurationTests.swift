import Images
import Testing

@testable import Gateway

@Suite("Image profiles in the configuration")
struct ImageProfileConfigurationTests {
  /// Two providers, six lines long: the profiles begin in line 12.
  private static let providers = """
    images:
      providers:
        - name: p
          base_url: http://p.test/v1
          models: [{id: dall-e-3, price: 0.04}, {id: own, tier: fast, sizes: [64x64]}]
        - {name: q, base_url: "http://q.test/v1", models: [{id: gpt-image-1, price: 0.2}]}

    """

  private static func yaml(_ profiles: String) -> String {
    validUpstream + providers + "  profiles:\n" + profiles
  }

  @Test("with every key are read")
  func good() throws {
    let configuration = try load(
      Self.yaml(
        """
            shop:
              model: p/dall-e-3
              providers: [p]
              quality: hd
              size: 1792x1024
              style: vivid
              background: opaque
              output_format: webp
              negative_prompt: text, frames
              max_count: 2
              sizes: [1024x1024, 1792x1024]
              styles: [vivid]
              max_cost: 0.04
              on_refusal: next
            draft_2-x: {model: auto}
            tier: {model: fast}
          default_profile: shop
        """))
    #expect(configuration.images.profiles.map(\.name) == ["shop", "draft_2-x", "tier"])
    var shop = ImageProfile(name: "shop")
    shop.model = "p/dall-e-3"
    shop.providers = ["p"]
    shop.quality = "hd"
    shop.size = ImageSize("1792x1024")
    shop.style = "vivid"
    shop.background = "opaque"
    shop.outputFormat = "webp"
    shop.negativePrompt = "text, frames"
    shop.maxCount = 2
    shop.sizes = ["1024x1024", "1792x1024"].compactMap(ImageSize.init(_:))
    shop.styles = ["vivid"]
    shop.maxCost = 0.04
    shop.onRefusal = .next
    #expect(configuration.images.profiles.first == shop)
    #expect(configuration.images.profiles[1] == ImageProfile(name: "draft_2-x"))
    #expect(configuration.images.defaultProfile == "shop")
    #expect(
      configuration.images.profileSummary == ["image profiles: shop (default), draft_2-x, tier"])
    #expect(configuration.warnings.isEmpty)
    #expect(try load(validUpstream + validProvider).images.profileSummary.isEmpty)
  }

  @Test("say what is wrong with them", arguments: broken)
  func faulty(broken: BrokenConfiguration) {
    #expect(faults(broken.yaml) == broken.faults)
  }

  /// A profile in line 12, and what is said of it.
  private static func profile(_ settings: String, _ fault: String) -> BrokenConfiguration {
    BrokenConfiguration(
      yaml("    a: {\(settings)}\n"), "easel.yaml:12: images.profiles.a.\(fault)")
  }

  static let broken: [BrokenConfiguration] = [
    profile("modle: auto", "modle: unknown key; did you mean 'model'?"),
    profile(
      "model: a b",
      "model: 'a b' is not a model's name: 1 to 256 characters without spaces are needed"),
    profile(
      "model: dall-e-4", "model: there is no image model 'dall-e-4'; did you mean 'dall-e-3'?"),
    profile(
      "model: nothing-like-it",
      "model: there is no image model 'nothing-like-it'; name one of the catalog or of "
        + "images.providers, a tier (ultra, high, standard, fast) or auto"),
    profile(
      "model: dall-e-3, providers: [q]",
      "model: 'dall-e-3' is a model of none of the profile's providers"),
    profile("providers: p", "providers: is a single value; a list such as [a, b] is needed"),
    profile("providers: []", "providers: is an empty list; leave the key out to allow all"),
    profile("providers: [p, p]", "providers: names 'p' twice"),
    profile("providers: [zzz]", "providers: 'zzz' (entry 1) is no image provider; there are p, q"),
    profile(
      "quality: best",
      "quality: 'best' is not one of auto, ultra, high, standard, fast, hd, medium, low"),
    profile("size: big", "size: 'big' is not a size in pixels, such as 1024x1024"),
    profile("size: 100x100", "size: no model of the profile makes 100x100"),
    profile(
      "size: 1024x1024, sizes: [64x64]", "size: '1024x1024' is not among the profile's sizes"),
    profile(
      "sizes: [64x64, 1024x1024, 64]",
      "sizes[2]: '64' is not a size in pixels, such as 1024x1024"),
    profile(
      "providers: [p], sizes: [64x64, 1536x1024]", "sizes: no model of the profile makes 1536x1024"),
    profile("style: ' '", "style: ' ' is not a style: 1 to 64 characters are needed"),
    profile(
      "style: natural, styles: [vivid]", "style: 'natural' is not among the profile's styles"),
    profile("background: red", "background: 'red' is not one of transparent, opaque, auto"),
    profile(
      "providers: [p], background: transparent",
      "background: no model of the profile makes a transparent background"),
    profile("output_format: gif", "output_format: 'gif' is not one of png, jpeg, webp"),
    profile("negative_prompt: ''", "negative_prompt: must be a text of 1 to 4000 characters"),
    profile("max_count: 0", "max_count: 0 is out of range: 1 to 10 is allowed"),
    profile("max_cost: cheap", "max_cost: 'cheap' is not a number"),
    profile("max_cost: -1", "max_cost: -1 is out of range: 0 to 1000 is allowed"),
    profile(
      "max_cost: 0.01",
      "max_cost: no model of the profile draws for 0.01 US dollars or less; the cheapest costs "
        + "0.04"),
    profile(
      "model: own, max_cost: 1",
      "max_cost: no model of the profile draws for 1.0 US dollars or less; the price of none of its "
        + "models is known"),
    profile("on_refusal: retry", "on_refusal: 'retry' is not one of final, next"),
    .init(
      yaml("    My Shop: {}\n"),
      "easel.yaml:12: images.profiles.My Shop: 'My Shop' is not a profile's name: 1 to 64 "
        + "lower-case letters, digits, '-', '_'"),
    .init(
      yaml("    a: high\n"),
      "easel.yaml:12: images.profiles.a: is a single value; a mapping of keys and values is needed"),
    .init(
      yaml("    - a\n"),
      "easel.yaml:11: images.profiles: is a list; a mapping of names and settings is needed"),
    .init(
      yaml((0...100).map { "    p\($0): {}\n" }.joined()),
      "easel.yaml:11: images.profiles: holds 101 profiles; at most 100 are allowed"),
    .init(
      yaml("    shop: {}\n  default_profile: shp\n"),
      "easel.yaml:13: images.default_profile: 'shp' is no profile of images.profiles; did you mean "
        + "'shop'?"),
    .init(
      validUpstream + "images:\n  default_profile: shop\n",
      "easel.yaml:6: images.default_profile: 'shop' is no profile of images.profiles; there are "
        + "none"),
  ]

  @Test("may name what the catalog has, with a key or without")
  func catalog() throws {
    let yaml =
      validUpstream
      + "images:\n  profiles: {a: {providers: [openai, fal], sizes: [1024x1024]}, b: {model: fal-ai/flux/dev}}"
    #expect(try load(yaml, catalog: smallCatalog).images.profiles.count == 2)
    #expect(
      faults(yaml.replacing("fal]", with: "fall]"), catalog: smallCatalog) == [
        "easel.yaml:6: images.profiles.a.providers: 'fall' (entry 2) is no image provider; did you "
          + "mean 'fal'?"
      ])
  }

  @Test("are not held against providers that are faulty themselves, or turned off altogether")
  func unknowable() throws {
    let yaml = Self.yaml("    a: {model: zzz}\n")
    #expect(
      faults(yaml.replacing("http://p.test/v1", with: "p.test")) == [
        "easel.yaml:8: images.providers[0].base_url: must begin with https:// or http://"
      ])
    let off = validUpstream + "images: {profiles: {a: {model: zzz}}}"
    #expect(
      try load(off, environment: ["EASEL_IMAGE_MODEL": "none"], catalog: smallCatalog).images
        .profiles.count == 1)
  }

  @Test("with a style that no model knows are odd, but not wrong")
  func style() throws {
    let configuration = try load(Self.yaml("    a: {styles: [anime, vivid]}\n"))
    #expect(
      configuration.warnings.map(\.message) == [
        "images.profiles.a: no model of the profile knows the style 'anime', which therefore changes "
          + "nothing"
      ])
  }
}
