import OpenAIWire
import Testing

@testable import Images

@Suite("Usage of pictures")
struct UsageTotalTests {
  private func complete(_ usage: String) throws -> JSONSlice {
    try JSONSlice.parse(UsageTotal.complete(Array(usage.utf8)))
  }

  @Test(
    "has what OpenAI's clients count on, also where a provider tells less",
    arguments: [
      #"{"total_tokens":9,"input_tokens":5,"output_tokens":4}"#,
      #"{"cost":0.1,"total_tokens":9,"input_tokens":5,"output_tokens":4,"input_tokens_details":null}"#,
    ])
  func completed(usage: String) throws {
    let usage = try complete(usage)
    #expect(usage["total_tokens"]?.int == 9)
    #expect(usage["input_tokens_details"]?["text_tokens"]?.int == 5)
    #expect(usage["input_tokens_details"]?["image_tokens"]?.int == 0)
    #expect(usage.members.count { $0.key == "input_tokens_details" } == 1)
  }

  @Test(
    "sums what a provider does not, also in the words of chat",
    arguments: [
      #"{"input_tokens":10,"output_tokens":20}"#,
      #"{"prompt_tokens":10,"completion_tokens":20,"total_tokens":30}"#,
    ])
  func summed(usage: String) throws {
    let usage = try complete(usage)
    #expect(usage["input_tokens"]?.int == 10)
    #expect(usage["output_tokens"]?.int == 20)
    #expect(usage["total_tokens"]?.int == 30)
  }

  @Test("counts nothing where a provider tells only a price")
  func priceOnly() throws {
    let usage = try complete(#"{"cost_in_usd_ticks":70}"#)
    #expect(usage["cost_in_usd_ticks"]?.int == 70)
    for name in ["total_tokens", "input_tokens", "output_tokens"] {
      #expect(usage[name]?.int == 0)
    }
  }

  @Test("is left as it is where it is whole, or no object")
  func whole() {
    for text in [
      #"{"total_tokens":1,"input_tokens":1,"output_tokens":0,"input_tokens_details":{"x":1} }"#,
      "[]",
      "x",
    ] { #expect(UsageTotal.complete(Array(text.utf8)) == Array(text.utf8)) }
  }
}
