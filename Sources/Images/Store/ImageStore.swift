package import EventLoop
internal import FoundationEssentials

/// Pictures in a folder: each a file of its own, under a name that nobody can guess. Immutable once
/// written, so that readers and caches need no questions.
package struct ImageStore: Sendable {
  private let folder: URL
  private let expireAfter: Duration?

  /// A picture that is kept.
  package struct Stored: Sendable {
    package let id: String
    package let format: ImageFormat
    package let bytes: [UInt8]
  }

  /// A store that cannot be used.
  package struct StoreError: Error, Sendable {
    package let message: String
  }

  /// - Parameters:
  ///   - path: of the folder, which is made if it is not there.
  ///   - expireAfter: how long a picture is served; nil for ever.
  /// - Throws: `StoreError`, when the folder cannot be made or written to. Blocks.
  package init(path: String, expireAfter: Duration?) throws(StoreError) {
    folder = URL(filePath: path)
    self.expireAfter = expireAfter
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw StoreError(message: "cannot make the folder \(path) for pictures")
    }
    guard FileManager.default.isWritableFile(atPath: folder.path) else {
      throw StoreError(message: "cannot write to the folder \(path) for pictures")
    }
  }

  /// Keeps a picture. Either all of it becomes visible, or nothing.
  /// - Parameter metadata: a JSON object that is kept beside it.
  /// - Returns: its id.
  /// - Throws: `StoreError`, such as for a full disk.
  package func put(
    _ image: GeneratedImage, metadata: [UInt8], on loop: EventLoop
  ) async throws(StoreError) -> String {
    let id = Self.newID()
    let file = self.file(id, image.format.rawValue)
    let sidecar = self.file(id, "json")
    do {
      try await loop.offload {
        try FileManager.default.createDirectory(
          at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(metadata).write(to: sidecar, options: .atomic)
        try Data(image.bytes).write(to: file, options: .atomic)
      }
      return id
    } catch {
      throw StoreError(message: "the picture cannot be stored")
    }
  }

  /// Reads a picture; nil where there is none of this id, or no longer.
  package func get(_ id: String, on loop: EventLoop) async -> Stored? {
    guard Self.isValid(id) else { return nil }
    return try? await loop.offload {
      for format in ImageFormat.allCases {
        let file = file(id, format.rawValue)
        guard let data = try? Data(contentsOf: file) else { continue }
        guard !isExpired(file) else { return nil }
        return Stored(id: id, format: format, bytes: Array(data))
      }
      return nil
    }
  }

  /// Reads what is kept beside a picture, a JSON object; nil where there is none.
  package func metadata(_ id: String, on loop: EventLoop) async -> [UInt8]? {
    guard Self.isValid(id) else { return nil }
    return try? await loop.offload {
      let file = file(id, "json")
      guard let data = try? Data(contentsOf: file), !isExpired(file) else { return nil }
      return Array(data)
    }
  }

  private func isExpired(_ file: URL) -> Bool {
    guard let expireAfter,
      let attributes = try? FileManager.default.attributesOfItem(atPath: file.path),
      let written = attributes[.modificationDate] as? Date
    else { return false }
    return -written.timeIntervalSinceNow > Double(expireAfter.components.seconds)
  }

  /// Files are spread over 256 folders, by the first two digits of their ids.
  private func file(_ id: String, _ suffix: String) -> URL {
    folder.appending(path: String(id.dropFirst(4).prefix(2))).appending(path: "\(id).\(suffix)")
  }

  /// 128 bits of the system's generator.
  private static func newID() -> String {
    var generator = SystemRandomNumberGenerator()
    let digits = (0..<2).map { _ in
      let number = String(generator.next(), radix: 16)
      return String(repeating: "0", count: 16 - number.count) + number
    }
    return "img_" + digits.joined()
  }

  /// Whether a text could be an id; nothing else ever becomes part of a path.
  static func isValid(_ id: String) -> Bool {
    id.utf8.count == 36 && id.hasPrefix("img_")
      && id.utf8.dropFirst(4).allSatisfy {
        (0x30...0x39).contains($0) || (0x61...0x66).contains($0)
      }
  }
}
