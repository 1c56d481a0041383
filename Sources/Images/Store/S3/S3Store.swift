internal import EventLoop
package import HTTP

/// Pictures in a bucket of anything that speaks S3: each an object, and beside it one with its
/// metadata (not in fields of the picture: prompts are long, and in every language).
package struct S3Store: PictureStore {
  let bucket: S3Bucket
  let retention: Retention
  let clock: @Sendable () -> Int
  private let pictureLimit: Int
  private let urlExpiry: Duration?
  private let pageSize: Int

  /// - Parameters:
  ///   - pictureLimit: bytes of a picture that is read.
  ///   - urlExpiry: how long the bucket's own URLs of pictures are valid, 1 s to 7 days, and never
  ///     longer than pictures are kept; nil where the gateway serves them.
  package init(
    _ bucket: S3Bucket, retention: Retention = Retention(), pictureLimit: Int = 64 << 20,
    urlExpiry: Duration? = nil
  ) {
    self.init(
      bucket, retention: retention, pictureLimit: pictureLimit, urlExpiry: urlExpiry,
      clock: { Clock.seconds })
  }

  /// - Parameters:
  ///   - pageSize: objects in one page of a list, 1 to 1000.
  ///   - clock: the time of day in seconds since 1970.
  init(
    _ bucket: S3Bucket, retention: Retention, pictureLimit: Int = 64 << 20,
    urlExpiry: Duration? = nil, pageSize: Int = 1000, clock: @escaping @Sendable () -> Int
  ) {
    self.bucket = bucket
    self.retention = retention
    self.pictureLimit = pictureLimit
    self.urlExpiry = urlExpiry
    self.pageSize = pageSize
    self.clock = clock
  }

  /// The picture's digest, which its own object carries.
  private static let digestField = "x-amz-meta-sha256"

  /// Lists: that takes the bucket, its region, the key and one of the permissions.
  package func check(client: HTTPClient) async throws(StoreError) {
    _ = try await list("img_", client)
  }

  package func probe(client: HTTPClient) async throws(StoreError) {
    // Metadata without a picture: should it be left behind, a sweep finds it.
    let name = PictureName(PictureName.newID(), .metadata)
    let bytes = Array("{}".utf8)
    try await write(name, bytes, Digest.hex(Digest.sha256(bytes)), "application/json", client)
    try await delete(name, client)
  }

  package func put(
    _ image: GeneratedImage, metadata: [UInt8], client: HTTPClient
  ) async throws(StoreError) -> String {
    guard metadata.count <= StoreLimit.metadata else {
      throw StoreError(.malformed, "the picture's metadata is over \(StoreLimit.metadata) bytes")
    }
    let id = PictureName.newID()
    let digest = try await digest(image.bytes, client)
    let sidecar = PictureName(id, .metadata)
    // The picture comes last: once it is there, all that belongs to it is.
    try await write(
      sidecar, metadata, Digest.hex(Digest.sha256(metadata)), "application/json", client)
    do throws(StoreError) {
      try await write(
        PictureName(id, .picture(image.format)), image.bytes, digest, image.format.contentType,
        client)
    } catch {
      // As far as it still goes: a sweep finds the rest.
      try? await delete(sidecar, client)
      throw error
    }
    return id
  }

  private func write(
    _ name: PictureName, _ bytes: [UInt8], _ digest: String, _ type: String, _ client: HTTPClient
  ) async throws(StoreError) {
    var request = S3Connection.Request(method: .put, key: bucket.key(name))
    request.headers = ["content-type": type, Self.digestField: digest]
    request.body = bytes
    request.payloadHash = digest
    let answer = try await connection(client).send(request)
    guard answer.head.status == 200 else { throw S3Failure(answer).error(bucket) }
  }

  package func get(_ id: String, client: HTTPClient) async throws(StoreError) -> StoredPicture? {
    guard PictureName.isValid(id: id) else { return nil }
    // Most pictures are PNG: only for others, and for ids that are not there, the bucket is asked
    // what it has.
    if let picture = try await fetch(id, .png, client) { return picture }
    guard let format = try await locate(id, client), format != .png else { return nil }
    return try await fetch(id, format, client)
  }

  private func fetch(
    _ id: String, _ format: ImageFormat, _ client: HTTPClient
  ) async throws(StoreError) -> StoredPicture? {
    let name = PictureName(id, .picture(format))
    guard let answer = try await read(name, limit: pictureLimit, client) else { return nil }
    if let date = answer.head.headers["last-modified"].flatMap(HTTPDate.init(_:)),
      retention.isExpired(written: date.seconds * 1000, now: clock())
    {
      return nil
    }
    if let digest = answer.head.headers[Self.digestField] {
      guard try await self.digest(answer.body, client) == digest else {
        throw StoreError(.malformed, "the object \(name.text) is not what was stored")
      }
    }
    return StoredPicture(id: id, format: format, bytes: answer.body)
  }

  package func metadata(_ id: String, client: HTTPClient) async throws(StoreError) -> [UInt8]? {
    guard PictureName.isValid(id: id), try await locate(id, client) != nil else { return nil }
    return try await read(PictureName(id, .metadata), limit: StoreLimit.metadata, client)?.body
  }

  package func publicURL(_ id: String, format: ImageFormat) async throws(StoreError) -> String? {
    guard let urlExpiry, PictureName.isValid(id: id) else { return nil }
    let seconds = min(urlExpiry, retention.expireAfter ?? urlExpiry).components.seconds
    return bucket.signer.presigned(
      bucket.url(bucket.key(PictureName(id, .picture(format)))), expiry: Int(seconds), at: clock())
  }

  /// The format of a picture; nil where there is none of this id, or no longer.
  func locate(_ id: String, _ client: HTTPClient) async throws(StoreError) -> ImageFormat? {
    for object in try await list("\(id).", client).objects {
      guard let name = name(object), name.id == id, case .picture(let format) = name.part,
        !retention.isExpired(written: object.written, now: clock())
      else { continue }
      return format
    }
    return nil
  }

  /// The name of a listed object; nil for one that is not ours.
  func name(_ object: S3Listing.Object) -> PictureName? {
    guard object.key.utf8.starts(with: bucket.keyPrefix.utf8) else { return nil }
    return PictureName(String(object.key.utf8.dropFirst(bucket.keyPrefix.utf8.count)) ?? "")
  }

  /// One page of the objects whose names begin so.
  func list(
    _ beginning: String, _ client: HTTPClient, from token: String? = nil
  ) async throws(StoreError) -> S3Listing {
    var request = S3Connection.Request(method: .get)
    request.query = [
      ("list-type", "2"), ("max-keys", "\(pageSize)"), ("prefix", bucket.keyPrefix + beginning),
    ]
    if let token { request.query.append(("continuation-token", token)) }
    request.limit = 8 << 20
    let answer = try await connection(client).send(request)
    guard answer.head.status == 200 else { throw S3Failure(answer).error(bucket) }
    do throws(S3Listing.Malformed) { return try S3Listing(answer.body) } catch {
      throw StoreError(.malformed, "the bucket '\(bucket.name)' gave a list that cannot be read")
    }
  }

  func delete(_ name: PictureName, _ client: HTTPClient) async throws(StoreError) {
    let answer = try await connection(client).send(
      S3Connection.Request(method: .delete, key: bucket.key(name)))
    let failure = S3Failure(answer)
    guard (200..<300).contains(answer.head.status) || failure.isMissingObject else {
      throw failure.error(bucket)
    }
  }

  private func read(
    _ name: PictureName, limit: Int, _ client: HTTPClient
  ) async throws(StoreError) -> ClientAnswer? {
    var request = S3Connection.Request(method: .get, key: bucket.key(name))
    request.limit = limit
    let answer = try await connection(client).send(request)
    if answer.head.status == 200 { return answer }
    let failure = S3Failure(answer)
    guard failure.isMissingObject else { throw failure.error(bucket) }
    return nil
  }

  private func connection(_ client: HTTPClient) -> S3Connection {
    S3Connection(bucket: bucket, client: client, clock: clock)
  }

  private func digest(
    _ bytes: [UInt8], _ client: HTTPClient
  ) async throws(StoreError) -> String {
    do {
      return try await client.loop.offload { Digest.hex(Digest.sha256(bytes)) }
    } catch {
      throw StoreError(.unavailable, "there is no thread for the picture's digest: \(error)")
    }
  }
}
