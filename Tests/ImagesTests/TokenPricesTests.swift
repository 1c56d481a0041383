import OpenAIWire
import Testing

@testable import Images

@Suite("What tokens cost")
struct TokenPricesTests {
  private static let prices = TokenPrices(
    text: 5, imageInput: 8, imageOutput: 32, textOutput: 10)

  @Test(
    "each kind at its own price; what is not told apart is words in and pictures out",
    arguments: [
      (
        #"{"input_tokens":50,"output_tokens":300,"input_tokens_details":{"text_tokens":10,"#
          + #""image_tokens":40},"output_tokens_details":{"text_tokens":100,"image_tokens":200}}"#,
        10, 40, 200, 100
      ),
      (#"{"input_tokens":50,"output_tokens":300}"#, 50, 0, 300, 0),
      (
        #"{"input_tokens":50,"output_tokens":300,"input_tokens_details":{"image_tokens":40},"#
          + #""output_tokens_details":{"image_tokens":200}}"#, 10, 40, 200, 100
      ),
      (
        #"{"input_tokens":50,"output_tokens":300,"output_tokens_details":{"text_tokens":100}}"#,
        50, 0, 200, 100
      ),
      (#"{"output_tokens_details":{"image_tokens":200}}"#, 0, 0, 200, 0),
      // Counts that contradict each other are never a refund.
      (
        #"{"input_tokens":5,"output_tokens":10,"input_tokens_details":{"image_tokens":40},"#
          + #""output_tokens_details":{"image_tokens":200}}"#, 0, 40, 200, 0
      ),
      (
        #"{"input_tokens":-5,"output_tokens":10,"output_tokens_details":{"text_tokens":-7}}"#, 0,
        0, 10, 0
      ),
    ] as [(String, Double, Double, Double, Double)])
  func kinds(usage: String, text: Double, given: Double, drawn: Double, words: Double) throws {
    let cost = try #require(Self.prices.cost(ofUsage: Array(usage.utf8)))
    let expected = (text * 5 + given * 8 + drawn * 32 + words * 10) / 1_000_000
    #expect(abs(cost - expected) < 1e-12)
  }

  @Test("words beside a picture cost nothing where they have no price")
  func free() throws {
    let prices = TokenPrices(text: 5, imageInput: 8, imageOutput: 30)
    let usage = #"{"output_tokens":300,"output_tokens_details":{"image_tokens":200}}"#
    let cost = try #require(prices.cost(ofUsage: Array(usage.utf8)))
    #expect(abs(cost - 200 * 30 / 1_000_000) < 1e-12)
  }

  @Test(
    "what does not say what came out has no cost",
    arguments: [
      "{}", #"{"input_tokens":5}"#, #"{"output_tokens":"many"}"#, "[]", "cut",
      #"{"input_tokens":0,"output_tokens":0,"total_tokens":0}"#,
      #"{"output_tokens":9,"output_tokens_details":{"image_tokens":0,"text_tokens":9}}"#,
    ])
  func silent(usage: String) {
    #expect(Self.prices.cost(ofUsage: Array(usage.utf8)) == nil)
  }
}
