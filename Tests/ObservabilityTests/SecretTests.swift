import Observability
import Testing

@Suite("A secret")
struct SecretTests {
  private struct Holder {
    var name = "openai"
    var key = Secret("sk-very-secret")
    var keys = [Secret("sk-very-secret")]
    var optional: Secret? = Secret("sk-very-secret")
  }

  @Test("shows as [redacted] however it is printed")
  func isRedacted() {
    let secret = Secret("sk-very-secret")
    #expect(secret.description == "[redacted]")
    #expect(secret.debugDescription == "[redacted]")
    #expect("\(secret)" == "[redacted]")
    #expect(String(reflecting: secret) == "[redacted]")
    #expect(Mirror(reflecting: secret).children.isEmpty)
  }

  @Test("does not appear in a dump or description of what holds it")
  func isRedactedInside() {
    var dumped = ""
    dump(Holder(), to: &dumped)
    for text in [dumped, "\(Holder())", String(reflecting: Holder())] {
      #expect(text.contains("openai"))
      #expect(text.contains("[redacted]"))
      #expect(!text.contains("very"))
    }
  }

  @Test("gives its text only when it is asked to reveal it")
  func reveals() {
    #expect(Secret("sk-very-secret").reveal() == "sk-very-secret")
    #expect(Secret("").isEmpty)
    #expect(!Secret("x").isEmpty)
  }

  @Test(
    "equals another with the same bytes only",
    arguments: [
      ("abc", "abc", true), ("", "", true), ("abc", "abd", false), ("abc", "ab", false),
      ("ab", "abc", false), ("", "a", false), ("a", "", false), ("ab", "abab", false),
      ("é", "e\u{301}", false),
    ])
  func compares(a: String, b: String, isEqual: Bool) {
    #expect((Secret(a) == Secret(b)) == isEqual)
    #expect(Secret(a).matches(b) == isEqual)
  }

  @Test("of equal text has an equal hash")
  func hashes() {
    #expect(Set([Secret("a"), Secret("a"), Secret("b")]).count == 2)
  }
}
