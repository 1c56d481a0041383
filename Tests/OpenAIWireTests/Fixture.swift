import Foundation
import Testing

/// Files that the tests read, from the test bundle.
enum Fixture {
  static func url(_ path: String) -> URL {
    Bundle.module.bundleURL.appending(path: "Fixtures").appending(path: path)
  }

  static func bytes(_ path: String) throws -> [UInt8] {
    Array(try Data(contentsOf: url(path)))
  }

  static func names(in folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: url(folder).path(percentEncoded: false))
      .sorted()
  }
}
