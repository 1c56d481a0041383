package import Images
package import Observability

/// Who makes pictures, and where they are kept.
package struct ImagesConfiguration: Sendable, Hashable {
  /// The image servers, in the file's order; none turns pictures off.
  package var providers: [ImageProviderConfiguration] = []
  /// What requests may name in place of a model, in the file's order; at most 100.
  package var profiles: [ImageProfile] = []
  /// The name of the one for requests that name neither a profile nor a model; nil for none.
  package var defaultProfile: String?
  /// Where pictures are kept.
  package var store = ImageStoreConfiguration()
  /// Whether picture URLs that a provider hands out may point to private addresses; default false.
  package var allowPrivateURLs = false
  /// Requests that are drawn at one time, over all threads, and with them the memory that pictures
  /// take; default 16, 1 to 1000.
  package var concurrency = 16
  /// What pictures may take in memory, by all requests together; default 2 GiB, 16 MiB to 1 TiB.
  package var memory = ByteCount.mebibytes(2048)
  /// Requests that may wait for their turn; default 256, 0 to 100000.
  package var queue = 256

  /// The defaults: no provider.
  package init() {}

  /// The profiles, for `easel check`; empty where there is none.
  package var profileSummary: [String] {
    guard !profiles.isEmpty else { return [] }
    let names = profiles.map { $0.name + ($0.name == defaultProfile ? " (default)" : "") }
    return ["image profiles: \(names.joined(separator: ", "))"]
  }
}

/// One image server that speaks OpenAI's images API.
package struct ImageProviderConfiguration: Sendable, Hashable {
  /// The name in logs and headers: lower-case letters, digits, `.`, `_`, `-`.
  package var name: String
  /// The URL before `/images/generations`, without a slash at its end.
  package var baseURL: String
  /// The environment variable that holds the key; nil sends no key.
  package var apiKeyVariable: String?
  /// The key; nil if there is none, or its variable is not set.
  package var apiKey: Secret?
  /// The longest time for one request; default 300 s, 1 s to 1 h.
  package var timeout = Duration.seconds(300)
  /// Its models; never empty once loaded.
  package var models: [ImageModelConfiguration] = []

  /// A provider with the defaults and no model.
  package init(name: String, baseURL: String) {
    self.name = name
    self.baseURL = baseURL
  }
}

/// One model of an image server.
package struct ImageModelConfiguration: Sendable, Hashable {
  /// The name that the provider knows.
  package var id: String
  /// The tier that it serves; default high.
  package var tier = ImageTier.high
  /// The sizes that it makes; empty means those that its dialect is known to have.
  package var sizes: [ImagePixelSize] = []
  /// Which parameters it takes; default by its id.
  package var dialect = ImageDialect.auto
  /// US dollars for one picture, 0 to 1000; nil if it is not known.
  package var price: Double?
  /// Lower is tried first, 0 to 1000; default 1.
  package var priority = 1
  /// Pictures in one request to the provider, 1 to 10; default 1.
  package var maxCount = 1

  /// A model with the defaults.
  package init(id: String) {
    self.id = id
  }
}

/// The tiers of picture models, best first.
package enum ImageTier: String, Sendable, Hashable, CaseIterable {
  case ultra, high, standard, fast
}

/// Which parameters of OpenAI's images API a model takes.
package enum ImageDialect: String, Sendable, Hashable, CaseIterable {
  /// Told from the model's id.
  case auto
  /// `gpt-image-1` and its kind: always base64, quality low to high.
  case gptImage = "gpt-image"
  /// `dall-e-3`: one picture, style, quality hd.
  case dallE3 = "dall-e-3"
  /// `dall-e-2`: square sizes.
  case dallE2 = "dall-e-2"
  /// xAI: neither size nor quality.
  case xai
  /// Other servers: model, prompt, n, size, response_format.
  case generic
}

/// The width and height of a picture in pixels, written `1024x1024`.
package struct ImagePixelSize: Sendable, Hashable, CustomStringConvertible {
  /// 1 to 16384.
  package let width: Int
  /// 1 to 16384.
  package let height: Int

  /// The size that `text` says; nil if it is not two numbers of 1 to 16384 around an `x`.
  package init?(parsing text: String) {
    let parts = text.split(separator: "x", omittingEmptySubsequences: false)
    guard parts.count == 2, text.utf8.allSatisfy({ $0.isASCIIDigit || $0 == UInt8(ascii: "x") }),
      let width = Int(parts[0]), let height = Int(parts[1]),
      (1...16_384).contains(width), (1...16_384).contains(height)
    else { return nil }
    self.width = width
    self.height = height
  }

  /// `1024x1024`.
  package var description: String { "\(width)x\(height)" }
}

/// Where pictures are kept.
package struct ImageStoreConfiguration: Sendable, Hashable {
  /// A folder, made where missing; default `data/images` under the working directory.
  package var path = "data/images"
  /// How long a picture is kept, 1 min to 10 years; nil (`never` in the file) is forever, and is
  /// the default.
  package var expireAfter: Duration?
  /// Bytes of all pictures together, of which the oldest go first, 1 MiB to 1 PiB; nil (`unlimited`
  /// in the file) is no bound, and is the default.
  package var maxBytes: ByteCount?
  /// A bucket in place of the folder; default none.
  package var s3: S3StoreConfiguration?

  /// The defaults.
  package init() {}
}
