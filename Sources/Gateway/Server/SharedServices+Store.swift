internal import EventLoop
internal import HTTP
internal import Images
internal import Observability

extension SharedServices {
  /// Opens the store for pictures: the bucket where one is configured, else the folder.
  static func store(
    _ configuration: Configuration, _ group: EventLoopGroup
  ) async throws(GatewayStartError) -> any PictureStore {
    let settings = configuration.images.store
    let retention = Retention(
      expireAfter: settings.expireAfter, maxBytes: settings.maxBytes?.bytes)
    if let s3 = settings.s3 {
      return S3Store(
        try bucket(s3), retention: retention, pictureLimit: configuration.limits.image.bytes,
        urlExpiry: s3.urls == .presigned ? s3.urlExpiry : nil)
    }
    let path = settings.path
    do {
      let loop = group.next()
      return try await loop.run {
        try await loop.offload { try FolderStore(path: path, retention: retention) }
      }
    } catch let error as StoreError {
      throw GatewayStartError(error.message)
    } catch {
      throw GatewayStartError("cannot open the store for pictures")
    }
  }

  private static func bucket(
    _ configuration: S3StoreConfiguration
  ) throws(GatewayStartError) -> S3Bucket {
    let owner = "images.store.s3"
    func needed(_ key: Secret?, _ variable: String) throws(GatewayStartError) -> Secret {
      guard let key else { throw GatewayStartError("\(owner): \(variable) is not set") }
      return key
    }
    let credentials = S3Credentials(
      accessKeyID: try needed(configuration.accessKey, configuration.accessKeyVariable),
      secretKey: try needed(configuration.secretKey, configuration.secretKeyVariable),
      sessionToken: configuration.sessionToken)
    let endpoint: HTTPURL
    do throws(HTTPURL.HTTPURLError) { endpoint = try HTTPURL(configuration.endpoint) } catch {
      throw GatewayStartError("\(owner): endpoint: \(error.message)")
    }
    do throws(StoreError) {
      return try S3Bucket(
        endpoint: endpoint, region: configuration.region, name: configuration.bucket,
        prefix: configuration.prefix,
        addressing: configuration.addressing == .path ? .path : .virtualHost,
        credentials: credentials)
    } catch {
      throw GatewayStartError("\(owner): \(error.message)")
    }
  }
}
