package import HTTP

/// Where a bucket is, and how it is spoken to.
package struct S3Bucket: Sendable, Hashable {
  /// How a bucket is named in a URL.
  package enum Addressing: Sendable, Hashable {
    /// `https://endpoint/bucket/key`.
    case path
    /// `https://bucket.endpoint/key`.
    case virtualHost
  }

  /// For errors: the bucket's name.
  let name: String
  let region: String
  let credentials: S3Credentials
  /// What stands before each picture's name: empty, or ending with a slash.
  let keyPrefix: String
  private let base: HTTPURL

  /// - Parameters:
  ///   - endpoint: without a query; a path that it has stands before the bucket's.
  ///   - prefix: folder within the bucket; empty for none.
  /// - Throws: `StoreError`, where they make no URL.
  package init(
    endpoint: HTTPURL, region: String, name: String, prefix: String, addressing: Addressing,
    credentials: S3Credentials
  ) throws(StoreError) {
    self.name = name
    self.region = region
    self.credentials = credentials
    let folders = prefix.split(separator: "/")
    guard !endpoint.path.contains("?"), prefix.utf8.count <= 512,
      folders.allSatisfy({ $0 != "." && $0 != ".." })
    else {
      throw StoreError(.misconfigured, "the bucket's endpoint has a query, or its prefix dots")
    }
    keyPrefix = folders.map { $0 + "/" }.joined()
    var path = endpoint.path
    while path.hasSuffix("/") { path.removeLast() }
    let isOnHost = addressing == .virtualHost
    let host = isOnHost ? "\(name).\(endpoint.hostHeader)" : endpoint.hostHeader
    let bucket = isOnHost ? "" : "/\(URIEncoding.encode(name))"
    do throws(HTTPURL.HTTPURLError) {
      base = try HTTPURL("\(endpoint.scheme.rawValue)://\(host)\(path)\(bucket)")
    } catch {
      throw StoreError(.misconfigured, "the bucket's URL is not valid: \(error.message)")
    }
  }

  /// The URL of the bucket, or of an object in it.
  func url(_ key: String? = nil, query: [(name: String, value: String)] = []) -> HTTPURL {
    let object = key.map { base.appending(path: URIEncoding.encode(path: $0)) } ?? base
    guard !query.isEmpty else { return object }
    // The path and query are encoded, so that the text is a URL; were it not, the request fails.
    return (try? HTTPURL("\(object)?\(SigV4.encoded(query))")) ?? object
  }

  func key(_ name: PictureName) -> String { keyPrefix + name.text }

  var signer: SigV4 { SigV4(credentials: credentials, region: region) }
}
