package import HTTP

/// Where finished pictures are kept. A picture is immutable once it is stored, so that readers and
/// caches need no questions. All calls are made on `client`'s loop.
package protocol PictureStore: Sendable {
  /// Finds out whether the store can be used, and leaves it as it is.
  /// - Throws: `StoreError`, of kind `unavailable` where that may pass.
  func check(client: HTTPClient) async throws(StoreError)

  /// Finds out whether the store takes pictures now, by keeping something small for a moment: for a
  /// store that did not take the last one, before another is paid for that cannot be kept.
  /// - Throws: `StoreError`, as `put` does.
  func probe(client: HTTPClient) async throws(StoreError)

  /// Keeps a picture. Either all of it becomes visible, or nothing.
  /// - Parameter metadata: a JSON object that is kept beside it, at most 1 MiB.
  /// - Returns: its id.
  /// - Throws: `StoreError`, such as for a full disk or a bucket that is not there.
  func put(
    _ image: GeneratedImage, metadata: [UInt8], client: HTTPClient
  ) async throws(StoreError) -> String

  /// Reads a picture; nil where there is none of this id, or no longer.
  func get(_ id: String, client: HTTPClient) async throws(StoreError) -> StoredPicture?

  /// Reads what is kept beside a picture, a JSON object; nil where there is no such picture.
  func metadata(_ id: String, client: HTTPClient) async throws(StoreError) -> [UInt8]?

  /// A URL at which anyone finds the picture without the gateway; nil where the gateway itself
  /// serves it.
  func publicURL(_ id: String, format: ImageFormat) async throws(StoreError) -> String?

  /// Deletes what is too old, then the oldest pictures until the rest is small enough, and what
  /// interrupted writes have left. Ends early when the task is cancelled.
  func sweep(client: HTTPClient) async -> SweepReport
}

/// A picture that is kept.
package struct StoredPicture: Sendable {
  package let id: String
  package let format: ImageFormat
  package let bytes: [UInt8]
}

/// A store that cannot be used.
package struct StoreError: Error, Sendable, Hashable {
  /// The class of a failure.
  package enum Kind: Sendable, Hashable {
    /// The folder or bucket is not there, or the settings do not fit it.
    case misconfigured
    /// The credentials are wrong, or do not allow it.
    case denied
    /// The store does not answer, or says that it cannot now.
    case unavailable
    /// What it holds or answers makes no sense, or passes a bound.
    case malformed
    /// The calling task was cancelled.
    case cancelled
  }

  package let kind: Kind
  /// One clause for the operator, without a full stop; holds no secret.
  package let message: String

  init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }
}

/// What a sweep did.
package struct SweepReport: Sendable, Hashable {
  /// Pictures that were deleted.
  package var pictures = 0
  /// Their bytes.
  package var bytes = 0
  /// Files or objects that interrupted writes had left, and that were deleted.
  package var leftovers = 0
  /// Why the sweep ended early.
  package var failure: StoreError?
}

/// Bounds that all stores share.
enum StoreLimit {
  /// Bytes that a probe writes.
  static let probe = 64 << 10
  /// Bytes of a picture's metadata.
  static let metadata = 1 << 20
  /// How old something unfinished must be before it counts as left behind; seconds.
  static let leftoverAge = 3600
}
