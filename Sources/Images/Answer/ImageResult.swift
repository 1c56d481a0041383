/// One picture, checked.
package struct GeneratedImage: Sendable {
  package var bytes: [UInt8]
  package var format: ImageFormat
  package var revisedPrompt: String?
}

/// The pictures of one request, and what is to be known of them.
package struct ImageResult: Sendable {
  package var images: [GeneratedImage]
  package var model: ImageModel
  /// US dollars for all of them; nil where the price is not known.
  package var cost: Double?
  /// The provider's `usage` object as JSON, where it gave one.
  package var usage: [UInt8]?
  /// What of the request could not be honoured, in words.
  package var adjusted: [String]
  /// Models that were asked before and failed, with the class of failure.
  package var passedOver: [(model: String, reason: String)]
}
