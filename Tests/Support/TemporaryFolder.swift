package import Foundation

/// Folders for one test each.
package enum TemporaryFolder {
  /// Makes an empty folder. Whoever asks for it removes it.
  package static func make(_ name: String) throws -> URL {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("easel-\(name)-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
  }
}
