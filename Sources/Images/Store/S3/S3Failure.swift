internal import HTTP

/// What an error answer of S3 means
/// (docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html). Of its text only the code is
/// repeated: its message may quote the request that was signed.
struct S3Failure {
  let status: Int
  /// Such as `NoSuchBucket`; nil where the answer holds none.
  let code: String?
  private let region: String?

  init(_ answer: ClientAnswer) {
    status = answer.head.status
    var code: String?
    try? XMLElements.read(answer.body) { path, text in
      if path == ["Error", "Code"] { code = text }
    }
    self.code = code.flatMap { Self.isPlain($0) ? $0 : nil }
    region = answer.head.headers["x-amz-bucket-region"].flatMap { Self.isPlain($0) ? $0 : nil }
  }

  private static func isPlain(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count)
      && text.utf8.allSatisfy {
        (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20) || $0 == 0x2D
      }
  }

  /// Whether the bucket answers, and has no such object.
  var isMissingObject: Bool { status == 404 && code != "NoSuchBucket" }

  func error(_ bucket: S3Bucket) -> StoreError {
    let name = "the bucket '\(bucket.name)'"
    let source = "(S3: \(code ?? "status \(status)"))"
    switch (code, status) {
    case ("NoSuchBucket", _):
      return StoreError(.misconfigured, "\(name) does not exist at this endpoint \(source)")
    case ("SignatureDoesNotMatch", _):
      return StoreError(
        .denied, "\(name) refuses the signature: the secret key is not the access key's \(source)")
    case ("InvalidAccessKeyId", _), ("InvalidToken", _), ("ExpiredToken", _):
      return StoreError(.denied, "\(name) does not know the access key, or no longer \(source)")
    case ("RequestTimeTooSkewed", _):
      return StoreError(.denied, "\(name) says that this machine's clock is wrong \(source)")
    case ("PermanentRedirect", _), ("TemporaryRedirect", _), ("AuthorizationHeaderMalformed", _),
      ("IllegalLocationConstraintException", _), (_, 300..<400):
      let hint = region.map { "it is in \($0)" } ?? "check endpoint, region and addressing"
      return StoreError(
        .misconfigured, "\(name) is not in the region \(bucket.region): \(hint) \(source)")
    case (_, 401), (_, 403):
      return StoreError(
        .denied,
        "\(name) does not allow it; the key needs GetObject, PutObject, DeleteObject and "
          + "ListBucket \(source)")
    case (_, 429), (_, 500...):
      return StoreError(.unavailable, "\(name) is not available now \(source)")
    default:
      return StoreError(.malformed, "\(name) gave an answer that was not expected \(source)")
    }
  }
}
