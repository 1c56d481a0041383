import Foundation
import HTTP
import OpenAIWire
import Testing

/// Answers of providers that were recorded, or written from their documentation: see PROVENANCE.md.
enum RecordedAnswer {
  /// The answer in a file of `Fixtures`, named without its ending.
  static func named(_ name: String) throws -> ClientAnswer {
    let url = try #require(
      Bundle.module.url(forResource: "Fixtures/\(name).json", withExtension: nil))
    let object = try JSONSlice.parse(Array(try Data(contentsOf: url)))
    let body = try #require(object["body"])
    let bytes = body.kind == .string ? body.stringBytes : Array(body.raw)
    return try ProviderAnswerTests.answer(
      object["status"]?.int ?? 200,
      object["headers"]?.members.map { ($0.key, $0.value.string ?? "") } ?? [],
      try #require(bytes))
  }
}
