internal import HTTP
package import Observability

/// An access key of an S3-compatible store.
package struct S3Credentials: Sendable, Hashable {
  package var accessKeyID: Secret
  package var secretKey: Secret
  /// For keys that are valid for a while only.
  package var sessionToken: Secret?

  /// A key with its secret.
  package init(accessKeyID: Secret, secretKey: Secret, sessionToken: Secret? = nil) {
    self.accessKeyID = accessKeyID
    self.secretKey = secretKey
    self.sessionToken = sessionToken
  }
}

/// AWS Signature Version 4 for S3: a pure function of request, key and time of day
/// (docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html).
struct SigV4 {
  let credentials: S3Credentials
  let region: String

  private static let algorithm = "AWS4-HMAC-SHA256"
  /// The longest time that a presigned URL may be valid; seconds.
  static let longestExpiry = 604_800

  /// The fields of a request with those that authorize it.
  /// - Parameters:
  ///   - url: path and query already encoded; the query may be in any order.
  ///   - headers: all are signed, so none may be changed on the way.
  ///   - payloadHash: SHA-256 of the body in hexadecimal digits.
  ///   - time: seconds since 1970.
  func signed(
    _ method: HTTPMethod, _ url: HTTPURL, headers: HeaderFields, payloadHash: String, at time: Int
  ) -> HeaderFields {
    let stamp = S3Time.stamp(time)
    var headers = headers
    headers.set("x-amz-content-sha256", payloadHash, orDrop: ())
    headers.set("x-amz-date", stamp, orDrop: ())
    if let token = credentials.sessionToken {
      headers.set("x-amz-security-token", token.reveal(), orDrop: ())
    }
    var fields = [(name: "host", value: url.hostHeader)]
    headers.forEach { fields.append((name: $0.name.lowercased(), value: Self.folded($0.value))) }
    fields.sort { $0.name < $1.name }
    let names = fields.map(\.name).joined(separator: ";")
    let (path, query) = Self.split(url)
    let request = [
      method.name, path, Self.canonical(query),
      fields.map { "\($0.name):\($0.value)\n" }.joined(), names, payloadHash,
    ].joined(separator: "\n")
    headers.set(
      "authorization",
      "\(Self.algorithm) Credential=\(credentials.accessKeyID.reveal())/\(scope(stamp)), "
        + "SignedHeaders=\(names), Signature=\(signature(of: request, stamp))", orDrop: ())
    return headers
  }

  /// A URL by which anyone may read for a while.
  /// - Parameters:
  ///   - url: path already encoded, without a query.
  ///   - expiry: seconds, 1 to 7 days; what is beyond is brought within.
  ///   - time: seconds since 1970.
  func presigned(_ url: HTTPURL, expiry: Int, at time: Int) -> String {
    let stamp = S3Time.stamp(time)
    var query = [
      ("X-Amz-Algorithm", Self.algorithm),
      ("X-Amz-Credential", "\(credentials.accessKeyID.reveal())/\(scope(stamp))"),
      ("X-Amz-Date", stamp),
      ("X-Amz-Expires", "\(min(max(1, expiry), Self.longestExpiry))"),
      ("X-Amz-SignedHeaders", "host"),
    ]
    if let token = credentials.sessionToken {
      query.append(("X-Amz-Security-Token", token.reveal()))
    }
    let encoded = Self.encoded(query)
    let request = [
      "GET", Self.split(url).path, encoded, "host:\(url.hostHeader)\n", "host", "UNSIGNED-PAYLOAD",
    ].joined(separator: "\n")
    return "\(url)?\(encoded)&X-Amz-Signature=\(signature(of: request, stamp))"
  }

  /// A query in the form that is signed.
  static func encoded(_ query: [(name: String, value: String)]) -> String {
    query.map { (URIEncoding.encode($0.name), URIEncoding.encode($0.value)) }
      .sorted { $0 < $1 }.map { "\($0)=\($1)" }.joined(separator: "&")
  }

  private func scope(_ stamp: String) -> String { "\(stamp.prefix(8))/\(region)/s3/aws4_request" }

  private func signature(of request: String, _ stamp: String) -> String {
    let text = [
      Self.algorithm, stamp, scope(stamp), Digest.hex(Digest.sha256(Array(request.utf8))),
    ].joined(separator: "\n")
    var key = Array("AWS4\(credentials.secretKey.reveal())".utf8)
    for part in [String(stamp.prefix(8)), region, "s3", "aws4_request", text] {
      key = Digest.hmacSHA256(key: key, part.utf8)
    }
    return Digest.hex(key)
  }

  private static func split(_ url: HTTPURL) -> (path: String, query: String) {
    guard let mark = url.path.firstIndex(of: "?") else { return (url.path, "") }
    return (String(url.path[..<mark]), String(url.path[url.path.index(after: mark)...]))
  }

  /// Sorted, and with an equals sign also where there is no value.
  private static func canonical(_ query: String) -> String {
    query.split(separator: "&")
      .map { part -> (String, String) in
        let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        return (String(pair[0]), pair.count == 2 ? String(pair[1]) : "")
      }
      .sorted { $0 < $1 }.map { "\($0)=\($1)" }.joined(separator: "&")
  }

  /// A value without spaces around it, and with single spaces within.
  private static func folded(_ value: String) -> String {
    value.split(separator: " ").joined(separator: " ")
  }
}
