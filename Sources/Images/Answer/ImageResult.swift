internal import OpenAIWire

/// One picture, checked.
package struct GeneratedImage: Sendable {
  package var bytes: [UInt8]
  package var format: ImageFormat
  package var revisedPrompt: String?
  /// Nil where the bytes do not tell. Known also where they are left out.
  package var size: ImageSize?
  /// As the provider tells it, or else as it was sent; nil where neither is known.
  package var seed: Int?
  /// Nil for what no model drew.
  package var origin: PictureOrigin?
  /// Nil where its provider does not tell.
  package var look: PictureLook?
  /// Its place among the pictures of its request, from 0.
  package var number = 0

  package init(
    bytes: [UInt8], format: ImageFormat, revisedPrompt: String? = nil, seed: Int? = nil,
    origin: PictureOrigin? = nil
  ) {
    self.bytes = bytes
    self.format = format
    size = format.size(of: bytes)
    self.revisedPrompt = revisedPrompt
    self.seed = seed
    self.origin = origin
  }
}

/// The pictures of one request, and what is to be known of them.
package struct ImageResult: Sendable {
  /// By their numbers, of which some may be missing.
  package var images: [GeneratedImage]
  /// The model that drew them; the first, where several had to.
  package var model: ImageModel
  /// US dollars for all of them, and for what else was billed on the way, as exact as it is known,
  /// since totals are summed up yet; nil where the price of any is not known.
  package var cost: Double?
  /// The provider's `usage` object as JSON, where it gave one.
  package var usage: [UInt8]?
  /// What of the request could not be honoured, in words.
  package var adjusted: [String]
  /// Models that were asked before and failed, and those of better standing that could not be
  /// asked, with the class of failure.
  package var passedOver: [PassedOver]
  /// Pictures that were not made because nobody waited for them any more; a repetition has them made.
  package var missing = 0
  /// Providers that have failed and may have charged nevertheless, each as often as it did.
  package var risked: [String] = []
  /// Held as long as the pictures are; nil for those that hold no bytes.
  package var place: DrawingPlace?

  /// A model that did not draw.
  package struct PassedOver: Sendable, Hashable {
    /// `provider/model`.
    package var model: String
    /// A word such as `timed_out`.
    package var reason: String

    /// A model that was not asked, for its breaker.
    static func unavailable(_ model: ImageModel) -> PassedOver {
      PassedOver(model: model.name, reason: "unavailable")
    }

    /// Whether it was asked.
    var hasFailed: Bool { reason != "unavailable" }

    /// The value of `x-easel-fallback`; nil where nobody was passed over.
    package static func field(_ list: [PassedOver]) -> String? {
      guard !list.isEmpty else { return nil }
      return list.map { "\($0.model);reason=\($0.reason)" }.joined(separator: ", ")
    }

    /// Writes some as an array, which is the next value of a text.
    static func write(_ list: [PassedOver], to writer: inout JSONWriter) {
      writer.beginArray()
      for passed in list {
        writer.beginObject()
        writer.member("model", passed.model)
        writer.member("reason", passed.reason)
        writer.endObject()
      }
      writer.endArray()
    }
  }
}
