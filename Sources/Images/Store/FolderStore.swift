internal import EventLoop
internal import FoundationEssentials
package import HTTP

/// Pictures in a folder: each a file of its own, under a name that nobody can guess, and beside it
/// a JSON file with its metadata and its digest. Spread over 256 folders by the first two digits.
package struct FolderStore: PictureStore {
  let folder: String
  let retention: Retention
  let clock: @Sendable () -> Int

  /// - Parameter path: of the folder, which is made if it is not there.
  /// - Throws: `StoreError`, when the folder cannot be made or written to. Blocks.
  package init(path: String, retention: Retention = Retention()) throws(StoreError) {
    try self.init(path: path, retention: retention, clock: { Clock.seconds })
  }

  /// - Parameter clock: the time of day in seconds since 1970.
  init(
    path: String, retention: Retention, clock: @escaping @Sendable () -> Int
  ) throws(StoreError) {
    folder = path
    self.retention = retention
    self.clock = clock
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw StoreError(.misconfigured, "cannot make the folder \(path) for pictures")
    }
    guard FileManager.default.isWritableFile(atPath: path) else {
      throw StoreError(.misconfigured, "cannot write to the folder \(path) for pictures")
    }
  }

  /// Nothing that `init` has not found out.
  package func check(client: HTTPClient) async throws(StoreError) {}

  package func probe(client: HTTPClient) async throws(StoreError) {
    let id = PictureName.newID()
    try await onDisk(client) { () throws(StoreError) in
      try makeSubfolder(id)
      // Metadata without a picture: should it be left behind, a sweep finds it.
      let place = path(PictureName(id, .metadata))
      try StoreFile.write([UInt8](repeating: 0x20, count: StoreLimit.probe), to: place)
      _ = StoreFile.remove(place)
    }
  }

  package func put(
    _ image: GeneratedImage, metadata: [UInt8], client: HTTPClient
  ) async throws(StoreError) -> String {
    guard metadata.count <= StoreLimit.metadata else {
      throw StoreError(.malformed, "the picture's metadata is over \(StoreLimit.metadata) bytes")
    }
    let id = PictureName.newID()
    return try await onDisk(client) { () throws(StoreError) in
      try write(id, image, metadata)
      return id
    }
  }

  private func write(
    _ id: String, _ image: GeneratedImage, _ metadata: [UInt8]
  ) throws(StoreError) {
    let place = try makeSubfolder(id)
    let sidecar = path(PictureName(id, .metadata))
    let picture = path(PictureName(id, .picture(image.format)))
    // The picture comes last: once it is there, all that belongs to it is.
    try StoreFile.write(PictureSeal(image).sealing(metadata), to: sidecar)
    do throws(StoreError) {
      try StoreFile.write(image.bytes, to: picture)
      try StoreFile.sync(folder: place)
    } catch {
      _ = StoreFile.remove(picture)
      _ = StoreFile.remove(sidecar)
      throw error
    }
  }

  @discardableResult
  private func makeSubfolder(_ id: String) throws(StoreError) -> String {
    let place = subfolder(id)
    do {
      try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
    } catch {
      throw StoreError(.unavailable, "the folder \(place) for pictures cannot be made")
    }
    return place
  }

  package func get(_ id: String, client: HTTPClient) async throws(StoreError) -> StoredPicture? {
    guard PictureName.isValid(id: id) else { return nil }
    return try await onDisk(client) {
      guard let (_, seal) = sidecar(id), let file = file(id, seal),
        let bytes = StoreFile.read(file, limit: seal.bytes), seal.matches(bytes)
      else { return nil }
      return StoredPicture(id: id, format: seal.format, bytes: bytes)
    }
  }

  package func metadata(_ id: String, client: HTTPClient) async throws(StoreError) -> [UInt8]? {
    guard PictureName.isValid(id: id) else { return nil }
    return try await onDisk(client) {
      guard let (metadata, seal) = sidecar(id), file(id, seal) != nil else { return nil }
      return metadata
    }
  }

  package func publicURL(_ id: String, format: ImageFormat) async throws(StoreError) -> String? {
    nil
  }

  private func sidecar(_ id: String) -> (metadata: [UInt8], seal: PictureSeal)? {
    StoreFile.read(path(PictureName(id, .metadata)), limit: StoreLimit.metadata + 1024)
      .flatMap(PictureSeal.open)
  }

  /// The path of a picture's file; nil where it is not there in full, or has expired.
  private func file(_ id: String, _ seal: PictureSeal) -> String? {
    let path = path(PictureName(id, .picture(seal.format)))
    guard let status = StoreFile.status(path), status.isFile, status.bytes == seal.bytes,
      !retention.isExpired(written: status.written, now: clock())
    else { return nil }
    return path
  }

  func subfolder(_ id: String) -> String { "\(folder)/\(id.dropFirst(4).prefix(2))" }

  func path(_ name: PictureName) -> String { "\(subfolder(name.id))/\(name.text)" }

  /// Runs what blocks on the thread pool.
  func onDisk<T: Sendable>(
    _ client: HTTPClient, _ body: @escaping @Sendable () throws(StoreError) -> T
  ) async throws(StoreError) -> T {
    do {
      return try await client.loop.offload(body)
    } catch let error as StoreError {
      throw error
    } catch {
      throw StoreError(.unavailable, "there is no thread for the picture's file: \(error)")
    }
  }
}
