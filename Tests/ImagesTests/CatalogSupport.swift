import Foundation
import HTTP
import Observability
import OpenAIWire
import Testing

@testable import Images

/// The shipped catalog, and the fixtures of one that is small and of many that are broken.
enum CatalogSupport {
  static let root: URL = {
    var folder = URL(fileURLWithPath: #filePath)
    for _ in 0..<3 { folder.deleteLastPathComponent() }
    return folder
  }()

  /// A provider that has a key, and that nobody asks.
  static func provider(_ name: String, _ models: [ImageModel]) throws -> ImageProvider {
    ImageProvider(
      name: name, baseURL: try HTTPURL("http://127.0.0.1:9/\(name)"), apiKey: Secret("k"),
      models: models)
  }

  static func shipped(_ environment: [String: String] = [:]) throws -> CatalogReader.Catalog {
    try CatalogReader.read(bytes("PROVIDER_CATALOG.json"), environment: environment)
  }

  static func bytes(_ path: String) throws -> [UInt8] {
    Array(try Data(contentsOf: root.appendingPathComponent(path)))
  }

  static func fixture(_ name: String) throws -> [UInt8] {
    let url = try #require(
      Bundle.module.url(forResource: "Fixtures/catalog/\(name).json", withExtension: nil))
    return Array(try Data(contentsOf: url))
  }

  /// What is wrong with a catalog; empty where nothing is.
  static func faults(_ bytes: [UInt8], _ environment: [String: String] = [:]) -> [CatalogFault] {
    do throws(CatalogError) {
      _ = try CatalogReader.read(bytes, environment: environment)
      return []
    } catch {
      return error.faults
    }
  }
}

/// The small catalog with lines replaced, and what is to be said about it.
struct BrokenCatalog: Sendable, CustomTestStringConvertible {
  struct Fault: Sendable {
    var path: String
    var line: Int
    var says: [String]
  }

  var name: String
  var text: [UInt8]
  var faults: [Fault]
  var environment: [String: String]

  var testDescription: String { name }

  static let all: [BrokenCatalog] = {
    do { return try read() } catch {
      Issue.record(error, "the fixtures cannot be read")
      return []
    }
  }()

  private static func read() throws -> [BrokenCatalog] {
    let lines = String(decoding: try CatalogSupport.fixture("valid"), as: UTF8.self)
      .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let cases = try JSONSlice.parse(try CatalogSupport.fixture("broken"))["cases"]
    return try #require(cases).elements.map { entry in
      var lines = lines
      if let line = entry["line"]?.int, let text = entry["text"]?.string { lines[line - 1] = text }
      if let more = entry["more"] {
        for (line, text) in more.members { lines[(Int(line) ?? 1) - 1] = text.string ?? "" }
      }
      if let drop = entry["drop"] {
        for line in drop.elements { lines[(line.int ?? 1) - 1] = "" }
      }
      var environment: [String: String] = [:]
      if let variables = entry["environment"] {
        for (name, value) in variables.members { environment[name] = value.string }
      }
      let faults = try #require(entry["faults"]).elements.map { fault in
        Fault(
          path: fault["path"]?.string ?? "", line: fault["line"]?.int ?? 0,
          says: fault["says"]?.elements.compactMap(\.string) ?? [])
      }
      return BrokenCatalog(
        name: entry["name"]?.string ?? "", text: Array(lines.joined(separator: "\n").utf8),
        faults: faults, environment: environment)
    }
  }
}
