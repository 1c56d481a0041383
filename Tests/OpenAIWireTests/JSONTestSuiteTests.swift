import OpenAIWire
import Testing

@Suite("JSONTestSuite")
struct JSONTestSuiteTests {
  private func isAccepted(_ bytes: [UInt8]) -> Bool {
    (try? JSONScanner.validate(bytes)) != nil
  }

  private func files(_ prefix: String) throws -> [String] {
    try Fixture.names(in: "JSONTestSuite").filter { $0.hasPrefix(prefix) }
  }

  @Test("the 95 files that must be accepted are accepted")
  func accepted() throws {
    let names = try files("y_")
    #expect(names.count == 95)
    for name in names {
      #expect(isAccepted(try Fixture.bytes("JSONTestSuite/\(name)")), "\(name)")
    }
  }

  @Test("the 188 files that must be refused are refused")
  func refused() throws {
    let names = try files("n_")
    #expect(names.count == 188)
    for name in names {
      #expect(!isAccepted(try Fixture.bytes("JSONTestSuite/\(name)")), "\(name)")
    }
  }

  @Test("of the 35 files left to the parser, those in valid UTF-8 of bearable depth are accepted")
  func either() throws {
    let names = try files("i_")
    #expect(names.count == 35)
    for name in names {
      let bytes = try Fixture.bytes("JSONTestSuite/\(name)")
      let isUTF8 = String(validating: bytes, as: UTF8.self) != nil
      let isDeep = name.contains("500_nested")
      let hasMark = bytes.starts(with: [0xEF, 0xBB, 0xBF])
      #expect(isAccepted(bytes) == (isUTF8 && !isDeep && !hasMark), "\(name)")
    }
  }

  @Test("scanner, slices and the reference agree on every file that is not huge")
  func agreement() throws {
    for name in try files("") where name.hasSuffix(".json") {
      let bytes = try Fixture.bytes("JSONTestSuite/\(name)")
      guard bytes.count < 10_000 else { continue }
      #expect(throws: Never.self, "\(name)") { try fuzzJSON(bytes) }
    }
  }
}
