import Foundation
import HTTP
import Observability
import OpenAIWire
import Testing

@testable import Images

@Suite("The provider catalog")
struct CatalogTests {
  /// Every base URL that only the environment knows.
  static let ownServers = [
    "AZURE_OPENAI_ENDPOINT": "https://res.openai.azure.com",
    "AUTOMATIC1111_BASE_URL": "http://127.0.0.1:7860", "COMFYUI_BASE_URL": "http://127.0.0.1:8188",
    "LOCALAI_BASE_URL": "http://127.0.0.1:8080/v1",
  ]

  // MARK: The shipped one

  @Test("has every wire format, and the variables that operators know")
  func complete() throws {
    let providers = try CatalogSupport.shipped(Self.ownServers).images.providers
    #expect(Set(providers.map(\.format)) == Set(WireFormat.allCases))
    #expect(providers.count == 16)
    let keys: [String: String] = [
      "openai": "OPENAI_API_KEY", "azure-openai": "AZURE_OPENAI_API_KEY", "xai": "XAI_API_KEY",
      "gemini": "GEMINI_API_KEY", "imagen": "GEMINI_API_KEY", "together": "TOGETHER_API_KEY",
      "replicate": "REPLICATE_API_TOKEN", "stability": "STABILITY_API_KEY", "fal": "FAL_KEY",
      "bfl": "BFL_API_KEY", "fireworks": "FIREWORKS_API_KEY", "leonardo": "LEONARDO_API_KEY",
      "openrouter": "OPENROUTER_API_KEY",
    ]
    for provider in providers {
      #expect(provider.keyVariable == keys[provider.name], "\(provider.name)")
      #expect(provider.lacksKey == (keys[provider.name] != nil))
      let flag = provider.name.uppercased().replacing("-", with: "_")
      #expect(provider.featureFlag == "ENABLE_IMAGE_GENERATION_\(flag)")
      #expect(provider.baseURLVariable != nil)
      #expect(provider.isEnabled)
    }
  }

  @Test("is what the README says")
  func readme() throws {
    let text = String(decoding: try CatalogSupport.bytes("README.md"), as: UTF8.self)
    let lines = text.split(separator: "\n")
    for provider in try CatalogSupport.shipped(Self.ownServers).images.providers {
      let flag = try #require(provider.featureFlag)
      let row = lines.first { $0.hasSuffix("`\(flag)` |") }
      #expect(row?.contains("| `\(provider.format.rawValue)` |") == true, "\(provider.name)")
      if let key = provider.keyVariable { #expect(row?.contains("`\(key)`") == true) }
    }
  }

  @Test("leaves providers without a base URL out, and keeps those without a key")
  func absent() throws {
    let catalog = try CatalogSupport.shipped()
    let names = Set(catalog.images.providers.map(\.name))
    #expect(names.isDisjoint(with: ["azure-openai", "automatic1111", "comfyui", "localai"]))
    #expect(names.count == 12)
    #expect(catalog.variables.contains("COMFYUI_BASE_URL"))
    #expect(catalog.images.providers.allSatisfy { !$0.isUsable })
  }

  @Test("knows what a picture costs wherever it can be known, and has every tier")
  func prices() throws {
    let models = try CatalogSupport.shipped(Self.ownServers).images.providers.flatMap(\.models)
    for tier in QualityTier.allCases { #expect(models.filter { $0.tier == tier }.count >= 5) }
    let prices = models.compactMap { $0.quote(ImageRequest(prompt: "x")).price }
    #expect(prices.count >= 75)
    #expect(prices.allSatisfy { (0...0.5).contains($0) })
    let image = try #require(models.first { $0.name == "openai/gpt-image-1" })
    var request = ImageRequest(prompt: "x")
    request.quality = "high"
    request.size = ImageSize("1536x1024")
    #expect(image.quote(request).price == 0.25)
    let flux = try #require(models.first { $0.name == "bfl/flux-2-pro" })
    #expect(flux.quote(request).price == 0.045)
    let step = try #require(models.first { $0.name == "fireworks/flux-1-schnell-fp8" })
    #expect(step.quote(ImageRequest(prompt: "x")).price == 0.0014)
  }

  @Test("says of each model what it costs and what it can do, be it that it is not known")
  func stated() throws {
    let text = try JSONSlice.parse(try CatalogSupport.bytes("PROVIDER_CATALOG.json"))
    let providers = try #require(text["image"]?["providers"])
    for (provider, entry) in providers.members {
      for (model, entry) in try #require(entry["models"]).members {
        #expect(entry["pricing"] != nil, "\(provider)/\(model)")
        #expect(entry["capabilities"] != nil, "\(provider)/\(model)")
      }
    }
    let models = try CatalogSupport.shipped(Self.ownServers).images.providers.flatMap(\.models)
    let unknown = models.filter {
      $0.pricing.scheme == .unknown && $0.pricing.perMillionTokens == nil
    }
    #expect(
      unknown.map(\.name).sorted() == [
        "leonardo/kino-xl", "leonardo/lightning-xl", "leonardo/phoenix-1.0",
        "together/black-forest-labs/FLUX.2-flex",
      ])
    #expect(unknown.allSatisfy { $0.quote(ImageRequest(prompt: "x")).total(1) == nil })
    let free = models.filter { $0.quote(ImageRequest(prompt: "x")).price == 0 }
    #expect(Set(free.map(\.provider)) == ["automatic1111", "comfyui", "localai"])
  }

  @Test(
    "knows the prices that OpenAI's older models were last sold for",
    arguments: [
      ("dall-e-3", nil, nil, 0.04), ("dall-e-3", "hd", "1024x1024", 0.08),
      ("dall-e-3", "standard", "1792x1024", 0.08), ("dall-e-3", "hd", "1024x1792", 0.12),
      ("dall-e-2", nil, nil, 0.02), ("dall-e-2", nil, "512x512", 0.018),
      ("dall-e-2", nil, "256x256", 0.016),
    ] as [(String, String?, String?, Double)])
  func legacy(model: String, quality: String?, size: String?, price: Double) throws {
    let models = try CatalogSupport.shipped().images.providers.flatMap(\.models)
    let model = try #require(models.first { $0.name == "openai/\(model)" })
    var request = ImageRequest(prompt: "x")
    request.quality = quality
    request.size = size.flatMap(ImageSize.init(_:))
    #expect(model.quote(request).price == price)
  }

  @Test(
    "reads the tier from the prompt's words",
    arguments: [
      ("a photorealistic sunset", .ultra), ("A Masterpiece of a cat", .ultra),
      ("a professional headshot", .ultra), ("a fox, 8K", .ultra), ("a beautiful fox", .high),
      ("quick sketch of a fox", .fast), ("a rough draft of a logo", .fast),
      ("an image for a slide", .standard), ("a fox in the snow", nil), ("a sketchbook", nil),
    ] as [(String, QualityTier?)])
  func tiers(prompt: String, tier: QualityTier?) throws {
    let router = ImageRouter(try CatalogSupport.shipped(["OPENAI_API_KEY": "sk-1"]).images)
    #expect(try router.route(ImageRequest(prompt: prompt)).tier == tier)
  }

  @Test(
    "knows each model by which OpenAI's specification has clients ask for pictures",
    arguments: [
      "gpt-image-2", "gpt-image-2-2026-04-21", "gpt-image-1.5", "gpt-image-1", "gpt-image-1-mini",
      "chatgpt-image-latest", "dall-e-3", "dall-e-2",
    ])
  func specified(model: String) throws {
    let router = ImageRouter(try CatalogSupport.shipped(["OPENAI_API_KEY": "sk-1"]).images)
    var request = ImageRequest(prompt: "a fox")
    request.model = model
    #expect(try router.route(request).candidates.map(\.wireID) == [model])
  }

  @Test(
    "draws every tier with OpenAI's key alone",
    arguments: [
      ("a fox", "gpt-image-2.5-flare"), ("a photorealistic fox", "gpt-image-2.5-sunburst"),
      ("a sharp fox", "gpt-image-2.5-flare"),
      ("a fox of medium quality", "gpt-image-2.5-flare-medium"),
      ("a quick fox", "gpt-image-2.5-flare-low"),
    ])
  func openAIAlone(prompt: String, model: String) throws {
    let router = ImageRouter(try CatalogSupport.shipped(["OPENAI_API_KEY": "sk-1"]).images)
    let route = try router.route(ImageRequest(prompt: prompt))
    #expect(route.candidates.first?.id == model)
    #expect(Set(route.candidates.map(\.provider)) == ["openai"])
    #expect(route.excluded.allSatisfy { $0.reason == "no_key" })
    #expect(route.excluded.contains { $0.detail == "no key: FAL_KEY is not set" })
  }

  @Test("knows chat providers with their models, tools and prices")
  func chat() throws {
    let chat = try CatalogSupport.shipped(["GROQ_API_KEY": "k"]).chat
    let names = ["openai", "anthropic", "gemini", "xai", "together", "groq", "mistral", "deepseek"]
    #expect(Set(names).isSubset(of: chat.map(\.name)))
    #expect(chat.allSatisfy { !$0.models.isEmpty })
    #expect(chat.first { $0.name == "groq" }?.apiKey == Secret("k"))
    let model = chat.first { $0.name == "openai" }?.models.first { $0.id == "gpt-4o" }
    #expect(model?.supportsTools == true)
    #expect(model?.contextWindow == 128_000)
    #expect(model?.pricePerMillionTokens == .init(input: 2.5, output: 10))
    let perplexity = chat.first { $0.name == "perplexity" }
    #expect(perplexity?.models.contains { $0.supportsTools } == false)
  }

  // MARK: Reading

  @Test("reads every key")
  func everyKey() throws {
    let environment = ["ACME_API_KEY": " key\n"]
    let catalog = try CatalogReader.read(
      try CatalogSupport.fixture("valid"), environment: environment)
    #expect(
      catalog.images.tiers == [
        .ultra: .init(keywords: ["photorealistic", "8k"], typicalCost: 0.1),
        .fast: .init(keywords: ["quick draft"]),
      ])
    let provider = try #require(catalog.images.providers.first)
    #expect(provider.name == "acme")
    #expect(provider.format == .openAI)
    #expect(provider.baseURL.description == "https://api.acme.test/v1")
    #expect(provider.baseURLVariable == "ACME_BASE_URL")
    #expect(provider.apiKey == Secret("key"))
    #expect(provider.keyVariable == "ACME_API_KEY")
    #expect(provider.featureFlag == "ENABLE_IMAGE_GENERATION_ACME")
    #expect(provider.timeout == .seconds(120))
    #expect(!provider.allowsPrivateURLs)
    #expect(provider.options == ["region": "eu"])
    var brush = ImageModel(
      id: "brush-1", provider: "acme", dialect: .gptImage, tier: .high,
      sizes: .listed(["1024x1024", "1536x1024"].compactMap { ImageSize($0) }), maxCount: 4,
      pricing: Pricing(
        .perImage([
          .init(quality: "high", size: ImageSize("1024x1024"), price: 0.2), .init(price: 0.05),
        ])), capabilities: [.edit, .quality], styles: ["vivid"], priority: 3)
    brush.wireID = "brush-1-2026"
    brush.options = ["quality": "high"]
    let pen = ImageModel(
      id: "pen.2", provider: "acme", dialect: .generic, tier: .fast,
      sizes: .ratios(["1:1", "16:9"].compactMap { AspectRatio($0) }), maxCount: 1,
      pricing: Pricing(.perStep(0.0005, defaultSteps: 4)), capabilities: [], styles: [])
    #expect(provider.models == [brush, pen])
    let chat = try #require(catalog.chat.first)
    #expect(chat.models.map(\.supportsTools) == [true, false])
    #expect(chat.apiKey == Secret("key"))
  }

  @Test(
    "reads each way of billing",
    arguments: [
      (#"{"type":"perImage","usd":0.04}"#, .flat(0.04)),
      (
        #"{"type":"perMegapixel","first":0.03,"further":0.015}"#,
        Pricing(.perMegapixel(first: 0.03, further: 0.015))
      ),
      (
        #"{"type":"perSecond","usd":0.001,"typicalSeconds":12}"#,
        Pricing(.perSecond(0.001, typicalSeconds: 12))
      ),
      (
        #"{"type":"perStep","usd":0.0005,"defaultSteps":28}"#,
        Pricing(.perStep(0.0005, defaultSteps: 28))
      ),
      (#"{"type":"free"}"#, Pricing(.free)), (#"{"type":"unknown"}"#, Pricing(.unknown)),
      (
        #"{"type":"free","perMillionTokens":{"text":5,"imageInput":8,"imageOutput":30}}"#,
        Pricing(
          .free, perMillionTokens: TokenPrices(text: 5, imageInput: 8, imageOutput: 30))
      ),
      (
        #"{"type":"unknown","perMillionTokens":{"text":5,"imageInput":8,"imageOutput":32,"#
          + #""textOutput":10}}"#,
        Pricing(
          .unknown,
          perMillionTokens: TokenPrices(text: 5, imageInput: 8, imageOutput: 32, textOutput: 10))
      ),
    ] as [(String, Pricing)])
  func billing(text: String, pricing: Pricing) throws {
    let catalog = """
      {"image":{"providers":{"p":{"wireFormat":"fal","baseUrl":"https://p.test","models":{"m":{
      "qualityTier":"high","supportedSizes":{"multipleOf":8,"min":64,"max":512},
      "pricing":\(text)}}}}}}
      """
    let read = try CatalogReader.read(Array(catalog.utf8), environment: [:])
    let model = try #require(read.images.providers.first?.models.first)
    #expect(model.pricing == pricing)
    #expect(model.sizes == .free(FreeSizes(step: 8, sides: 64...512)))
  }

  // MARK: The environment

  @Test(
    "a feature flag turns its provider off",
    arguments: [
      ("false", false), ("0", false), ("off", false), ("no", false), ("FALSE", false),
      ("true", true), ("1", true), ("on", true), ("Yes", true), ("", true), (" ", true),
      (nil, true),
    ] as [(String?, Bool)])
  func flags(word: String?, isEnabled: Bool) throws {
    var environment = ["ACME_API_KEY": "k"]
    environment["ENABLE_IMAGE_GENERATION_ACME"] = word
    let catalog = try CatalogReader.read(
      try CatalogSupport.fixture("valid"), environment: environment)
    #expect(catalog.images.providers.first?.isEnabled == isEnabled)
    let route = try ImageRouter(catalog.images).route(ImageRequest(prompt: "x"))
    #expect(route.candidates.isEmpty == !isEnabled)
    if !isEnabled { #expect(route.excluded.first?.reason == "disabled") }
  }

  @Test("a base URL of the environment beats the catalog's; nothing counts as not set")
  func baseURLs() throws {
    let bytes = try CatalogSupport.fixture("valid")
    for (text, url) in [
      ("http://127.0.0.1:9/v2/", "http://127.0.0.1:9/v2/"), ("", "https://api.acme.test/v1"),
    ] {
      let catalog = try CatalogReader.read(bytes, environment: ["ACME_BASE_URL": text])
      #expect(catalog.images.providers.first?.baseURL.description == url)
    }
  }

  @Test("a key that is optional is used where it is set, and not missed where it is not")
  func optionalKey() throws {
    for key in ["user:password", nil] {
      var environment = Self.ownServers
      environment["COMFYUI_API_KEY"] = key
      let providers = try CatalogSupport.shipped(environment).images.providers
      let comfy = try #require(providers.first { $0.name == "comfyui" })
      #expect(comfy.apiKey == key.map { Secret($0) })
      #expect(comfy.isUsable && comfy.allowsPrivateURLs)
    }
  }

  @Test("a key is not shown by a dump")
  func secret() throws {
    var text = ""
    dump(try CatalogSupport.shipped(["OPENAI_API_KEY": "sk-hunter2"]), to: &text)
    #expect(!text.contains("hunter2"))
  }

  // MARK: The schema

  @Test("the schema has the words that the reader knows")
  func schema() throws {
    let schema = try JSONSlice.parse(
      try CatalogSupport.bytes("config/provider-catalog.schema.json"))
    func words(_ path: String...) throws -> Set<String> {
      var node = try #require(schema["$defs"])
      for key in path { node = try #require(node[key], "\(key)") }
      return Set(node.elements.compactMap(\.string))
    }
    let provider = ["imageProvider", "properties", "wireFormat", "enum"]
    #expect(
      try words(provider[0], provider[1], provider[2], provider[3])
        == Set(WireFormat.allCases.map(\.rawValue)))
    #expect(try words("qualityTier", "enum") == Set(QualityTier.allCases.map(\.rawValue)))
    #expect(
      try words("imageModel", "properties", "dialect", "enum")
        == Set(ImageDialect.allCases.map(\.rawValue)))
    #expect(
      try words("imageModel", "properties", "capabilities", "items", "enum")
        == Set(ImageCapability.allCases.map(\.rawValue)))
  }
}
