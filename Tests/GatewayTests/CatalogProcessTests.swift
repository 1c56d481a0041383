import EventLoop
import Foundation
import HTTP
import OpenAIWire
import Simulator
import TestSupport
import Testing

@Suite("The catalog of the built program", .bounded, .timeLimit(.minutes(10)))
struct CatalogProcessTests {
  static let root: URL = {
    var folder = URL(fileURLWithPath: #filePath)
    for _ in 0..<3 { folder.deleteLastPathComponent() }
    return folder
  }()

  /// Runs `easel check` in a folder that holds this catalog.
  private func check(
    catalog: String?, _ arguments: [String] = [], _ environment: [String: String] = [:]
  ) async throws -> (Int32, [Substring]) {
    let folder = try TemporaryFolder.make("catalog")
    defer { try? FileManager.default.removeItem(at: folder) }
    if let catalog {
      try Data(catalog.utf8).write(to: folder.appendingPathComponent("PROVIDER_CATALOG.json"))
    }
    var variables = ["OPENAI_API_KEY": "sk-1"]
    variables.merge(environment) { $1 }
    let (status, output, log) = try await ChildProcess.run(
      EaselProcess.program, ["check"] + arguments, environment: variables, directory: folder.path)
    return (status, (output + log).split(separator: "\n"))
  }

  @Test("check says who can draw")
  func good() async throws {
    let (status, lines) = try await check(catalog: smallCatalog)
    #expect(status == 0)
    #expect(
      lines == [
        "PROVIDER_CATALOG.json: 2 image providers with 2 models", "  ready: openai",
        "  without key: fal (FAL_KEY)", "the configuration is valid",
      ])
  }

  @Test("check reports every fault with its line and path")
  func bad() async throws {
    let catalog = smallCatalog.replacing(#""high""#, with: #""hihg""#)
      .replacing(#"["1:1"]"#, with: #"["1x1"]"#)
    let (status, lines) = try await check(catalog: catalog)
    #expect(status == 78)
    #expect(lines.count == 3)
    #expect(
      lines.first?.hasPrefix(
        "easel: PROVIDER_CATALOG.json:11: image.providers.openai.models.gpt-image-2.qualityTier: ")
        == true, "\(lines)")
    #expect(
      lines.last?.hasPrefix(
        "PROVIDER_CATALOG.json:27: image.providers.own.models.flux.aspectRatios[0]: '1x1' is no")
        == true, "\(lines)")
  }

  @Test("check takes the shipped catalog by flag and by variable, and misses one that is not there")
  func shipped() async throws {
    let path = Self.root.appendingPathComponent("PROVIDER_CATALOG.json").path
    for (arguments, environment) in [
      (["--catalog", path], [:]), ([], ["EASEL_CATALOG": path]),
      (["--catalog=\(path)"], ["EASEL_CATALOG": "/nowhere"]),
    ] as [([String], [String: String])] {
      let (status, lines) = try await check(catalog: nil, arguments, environment)
      #expect(status == 0, "\(lines)")
      #expect(lines.contains("  ready: openai"))
    }
    let (status, lines) = try await check(catalog: nil, ["--catalog", "/nowhere"])
    #expect(status == 78)
    #expect(lines == ["easel: /nowhere: the file does not exist"])
  }

  @Test("serve draws with the catalog's OpenAI models where only OpenAI's key is set")
  func serve() async throws {
    let group = EventLoopGroup(count: 1)
    let loop = group.loops[0]
    let simulator = try await SimulatorServer.start(group: group)
    let path = Self.root.appendingPathComponent("PROVIDER_CATALOG.json").path
    let program = try EaselProcess(
      arguments: ["serve", "--listen", "127.0.0.1:0", "--catalog", path],
      environment: [
        "OPENAI_API_KEY": "sk-1", "OPENAI_BASE_URL": simulator.baseURL,
        "OPENAI_IMAGE_BASE_URL": simulator.baseURL,
      ])
    defer { program.kill() }
    let url = try HTTPURL(try await program.url())
    let answers = try await loop.run {
      let client = HTTPClient(loop: loop, tls: try TLSContext(client: nil))
      defer { client.closeIdleConnections() }
      var answers: [[UInt8]] = []
      for prompt in ["a fox", "a photorealistic fox"] {
        let request = ClientRequest(
          .post, url.appending(path: "v1/images/generations"),
          body: Array("{\"prompt\":\"\(prompt)\"}".utf8))
        answers.append(try await client.send(request, bodyLimit: 64 << 20).body)
      }
      let models = ClientRequest(.get, url.appending(path: "v1/models"))
      answers.append(try await client.send(models, bodyLimit: 1 << 20).body)
      return answers
    }
    let drawn = try answers.prefix(2).map { try JSONSlice.parse($0)["easel"] }
    #expect(drawn.map { $0?["provider"]?.string } == ["openai", "openai"])
    #expect(drawn[0]?["model"]?.string == "gpt-image-2.5-flare")
    #expect(drawn[1]?["model"]?.string == "gpt-image-2.5-sunburst")
    let data = try #require(try JSONSlice.parse(answers[2])["data"])
    let owners = Set(data.elements.compactMap { $0["owned_by"]?.string })
    #expect(owners == ["openai"], "only what can be asked is listed")
    let (status, log) = try await program.terminate()
    #expect(status == 0, "\(log)")
    await simulator.stop()
    await group.shutdown()
  }

  @Test("its JSON Schema takes the shipped catalog, and refuses what it can tell is broken")
  func schema() async throws {
    let (status, output) = try await ClientScript.run("catalog_schema.py", [Self.root.path])
    #expect(status == 0, "\(output)")
  }
}
