import Foundation
import Testing

/// One case of the recorded requests.
struct RequestVector: Decodable, Sendable, CustomTestStringConvertible {
  let name: String
  let bytes: Data
  let expect: String

  var testDescription: String { name }
  var input: [UInt8] { Array(bytes) }
  /// Answers and outcomes, each of which is right.
  var expectations: [String] { expect.split(separator: "|").map(String.init) }

  /// Statuses that a route gives, to a request that HTTP itself accepts.
  private static let routeStatuses = ["200", "401", "404", "405", "421"]

  func allows(_ verdict: Verdict) -> Bool {
    switch verdict {
    case .accepted:
      expectations.contains { $0 == "accept" || Self.routeStatuses.contains($0) }
    case .refused(let status, _): expectations.contains("\(status)")
    case .cut: expectations.contains { ["close", "incomplete"].contains($0) }
    }
  }

  private struct File: Decodable { let cases: [RequestVector] }

  static func load() throws -> [RequestVector] {
    let url = try #require(
      Bundle.module.url(forResource: "Fixtures/http/requests.json", withExtension: nil))
    return try JSONDecoder().decode(File.self, from: Data(contentsOf: url)).cases
  }
}
