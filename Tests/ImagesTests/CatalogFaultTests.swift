import Testing

@testable import Images

@Suite("A broken catalog")
struct CatalogFaultTests {
  @Test("says path, line, and what is allowed", arguments: BrokenCatalog.all)
  func broken(catalog: BrokenCatalog) {
    let found = CatalogSupport.faults(catalog.text, catalog.environment)
    #expect(found.map(\.path) == catalog.faults.map(\.path), "\(found)")
    #expect(found.map(\.line) == catalog.faults.map(\.line), "\(found)")
    for (found, wanted) in zip(found, catalog.faults) {
      for text in wanted.says { #expect(found.message.contains(text), "\(found.message)") }
    }
  }

  @Test("there are more than 30 of them, and the text they break is good")
  func fixtures() throws {
    #expect(BrokenCatalog.all.count >= 70)
    #expect(Set(BrokenCatalog.all.map(\.name)).count == BrokenCatalog.all.count)
    #expect(CatalogSupport.faults(try CatalogSupport.fixture("valid")).isEmpty)
  }

  @Test("never repeats a key or password", arguments: BrokenCatalog.all)
  func secrets(catalog: BrokenCatalog) {
    for fault in CatalogSupport.faults(catalog.text, catalog.environment) {
      #expect(!fault.description.contains("hunter2"))
    }
  }

  @Test("that is too long is not read")
  func tooLong() {
    let bytes = [UInt8](repeating: UInt8(ascii: " "), count: CatalogReader.maximumSize + 1)
    let message = "the catalog has \(bytes.count) bytes; 4 MiB are allowed"
    #expect(CatalogSupport.faults(bytes).map(\.message) == [message])
  }

  @Test("of bytes at random is refused without a crash", arguments: 0..<200)
  func mutated(seed: Int) throws {
    var bytes = try CatalogSupport.fixture("valid")
    var state = UInt64(seed) &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    for _ in 0..<4 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let place = Int(state >> 33) % bytes.count
      bytes[place] = UInt8(truncatingIfNeeded: state >> 24)
    }
    for fault in CatalogSupport.faults(bytes) {
      #expect(fault.line >= 1 && !fault.message.isEmpty)
    }
  }
}
