import State
import Testing

@Suite("Memory store")
struct MemoryStoreTests {
  private let key = StateKey(group: "breaker:image/openai/dall-e-3", name: "state")

  @Test("of two that write under one revision one wins, and the other is told what is there")
  func compareAndSet() async throws {
    let store = MemoryStore()
    let first = try await store.compareAndSet(
      key, revision: 0, to: [1], lifetime: .seconds(60), announced: false)
    guard case .stored(let revision) = first else {
      Issue.record("\(first)")
      return
    }
    let second = try await store.compareAndSet(
      key, revision: 0, to: [2], lifetime: .seconds(60), announced: false)
    #expect(second == .conflict(StoredValue(revision: revision, value: [1])))
    #expect(try await store.get(key)?.value == [1])
  }
}
