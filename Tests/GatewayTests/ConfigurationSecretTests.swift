import Foundation
import Observability
import Synchronization
import Testing

@testable import Gateway

@Suite("Secrets of a configuration")
struct ConfigurationSecretTests {
  private let marker = "hunter2"
  private var environment: [String: String] {
    [
      "A_KEY": "sk-\(marker)", "P_KEY": "sk-\(marker)", "H_KEY": "h-\(marker)",
      "HTTPS_PROXY": "http://me:\(marker)@p:3128", "OPENAI_API_KEY": "sk-\(marker)",
      "EASEL_UNKNOWN": marker, "S_KEY": "id-\(marker)", "S_SECRET": "secret-\(marker)",
      "S_TOKEN": "token-\(marker)",
    ]
  }
  private let yaml = """
    upstreams:
      - name: a
        base_url: http://a
        api_key_env: A_KEY
        headers: {x-key: "${H_KEY}", x-plain: hunter2}
    images:
      providers: [{name: p, base_url: "http://p", api_key_env: P_KEY, models: [{id: m}]}]
      store: {s3: {endpoint: "http://s", bucket: bbb, access_key_env: S_KEY,
        secret_key_env: S_SECRET, session_token_env: S_TOKEN}}
    """

  @Test("are read, but appear in no description, dump, warning or log line")
  func neverShown() throws {
    let configuration = try load(yaml, environment: environment)
    #expect(configuration.upstreams.first?.apiKey?.reveal() == "sk-\(marker)")
    #expect(configuration.images.store.s3?.secretKey?.reveal() == "secret-\(marker)")
    #expect(configuration.images.store.s3?.sessionToken?.reveal() == "token-\(marker)")
    #expect(configuration.proxy?.credentials?.reveal() == "me:\(marker)")

    var dumped = ""
    dump(configuration, to: &dumped)
    var texts = [dumped, "\(configuration)", String(reflecting: configuration)]
    texts += configuration.warnings.map(\.message)
    texts.append(try logged(configuration))
    for text in texts { #expect(!text.contains(marker)) }
  }

  private func logged(_ configuration: Configuration) throws -> String {
    let text = Mutex("")
    let output = LogOutput { bytes in
      text.withLock { $0 += String(decoding: bytes, as: UTF8.self) }
      return .written
    }
    let logger = Logger(level: .debug, output: output)
    logger.info("configured", ["all": "\(configuration)"])
    for upstream in configuration.upstreams {
      logger.info("upstream", ["key": "\(String(describing: upstream.apiKey))"])
    }
    output.flush()
    return text.withLock { $0 }
  }

  @Test(
    "that stand where they don't belong are not repeated in the fault",
    arguments: [
      "api_key: hunter2", "api_key_env: sk-hunter2", "base_url: 'https://me:hunter2@x'",
      "headers: {x-key: \"hunter2\\n\"}", "headers: {Authorization: hunter2}",
      "headers: {x-key: '${sk-hunter2}'}",
    ])
  func notRepeated(setting: String) {
    let url = setting.hasPrefix("base_url") ? "" : "base_url: 'http://a', "
    let found = faults("upstreams: [{name: a, \(url)\(setting)}]")
    #expect(!found.isEmpty)
    #expect(!found.joined().contains(marker))
  }

  @Test(
    "in faulty variables are not repeated in the fault",
    arguments: [
      ("OPENAI_API_KEY", "hunter2 x"), ("OPENAI_BASE_URL", "https://me:hunter2@x"),
      ("HTTPS_PROXY", "http://me:hunter2@x/path"), ("HTTPS_PROXY", "https://me:hunter2@x"),
      ("HTTPS_PROXY", "http://me:hunter2@"), ("EASEL_PUBLIC_URL", "https://me:hunter2@x"),
    ])
  func variablesNotRepeated(name: String, value: String) {
    let found = faults(nil, environment: [name: value])
    #expect(!found.isEmpty)
    #expect(!found.joined().contains(marker))
  }
}
