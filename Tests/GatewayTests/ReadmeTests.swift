import Foundation
import Testing

@testable import Gateway

@Suite("README")
struct ReadmeTests {
  /// The README.
  static let file = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("README.md")

  @Test("its configuration tables are those that the loader is held against")
  func tables() throws {
    let readme = try String(contentsOf: Self.file, encoding: .utf8)
    let tables = ConfigurationReference.markdown()
    #expect(readme.contains(tables), "the README should hold:\n\(tables)")
  }
}
