import Observability
import Testing

@Suite("A request id")
struct RequestIDTests {
  @Test("is req_ and 32 hexadecimal digits, and is accepted back")
  func form() {
    for _ in 0..<1000 {
      let id = RequestID.generate()
      #expect(id.utf8.count == 36)
      #expect(id.hasPrefix("req_"))
      #expect(id.dropFirst(4).allSatisfy { $0.isHexDigit && !$0.isUppercase })
      #expect(RequestID.accept(id) == id)
    }
  }

  @Test("does not repeat, neither in one generator nor between two")
  func unique() {
    var first = RequestIDGenerator()
    var second = RequestIDGenerator()
    var ids: Set<String> = []
    for _ in 0..<20_000 {
      ids.insert(first.next())
      ids.insert(second.next())
    }
    #expect(ids.count == 40_000)
  }

  @Test(
    "of a client is taken over if it is short and plain",
    arguments: [
      ("a", true), ("trace-1.2_3", true), ("ABCxyz019", true),
      (String(repeating: "a", count: 128), true),
      (String(repeating: "a", count: 129), false),
      ("", false), ("a b", false), ("a\nb", false), ("a\r\nx-evil: 1", false), ("é", false),
      ("a/b", false), ("<script>", false), ("\u{0}", false), ("a\"b", false),
    ])
  func incoming(id: String, isValid: Bool) {
    #expect(RequestID.isValid(id) == isValid)
    #expect(RequestID.accept(id) == (isValid ? id : nil))
  }

  @Test("that is absent is not accepted")
  func absent() {
    #expect(RequestID.accept(nil) == nil)
  }
}
