import Foundation
import Testing

@testable import Gateway

@Suite("README")
struct ReadmeTests {
  @Test("its configuration tables are those that the loader is held against")
  func tables() throws {
    var folder = URL(fileURLWithPath: #filePath)
    for _ in 0..<3 { folder.deleteLastPathComponent() }
    let readme = try String(
      contentsOf: folder.appendingPathComponent("README.md"), encoding: .utf8)
    let tables = ConfigurationReference.markdown()
    #expect(readme.contains(tables), "the README should hold:\n\(tables)")
  }
}
