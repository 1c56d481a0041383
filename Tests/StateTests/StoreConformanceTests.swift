import TestSupport
import Testing

@Suite("Every store", .bounded, .timeLimit(.minutes(10)))
struct StoreConformanceTests {
  @Test("keeps what is promised of all of them", arguments: StoreKind.allCases, StoreCheck.all)
  func conformance(_ kind: StoreKind, _ check: StoreCheck) async throws {
    try await kind.with(check.run)
  }
}
