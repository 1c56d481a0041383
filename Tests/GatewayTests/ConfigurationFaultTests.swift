import Testing

@testable import Gateway

/// A broken configuration, and what is said about it.
struct BrokenConfiguration: Sendable, CustomTestStringConvertible {
  var yaml: String
  var faults: [String]
  var environment: [String: String] = [:]

  init(_ yaml: String, _ faults: String..., environment: [String: String] = [:]) {
    self.yaml = yaml
    self.faults = faults
    self.environment = environment
  }

  var testDescription: String { faults.first ?? "no fault" }
}

@Suite("A broken configuration")
struct ConfigurationFaultTests {
  @Test("says what is wrong in the file itself", arguments: file)
  func inFile(broken: BrokenConfiguration) {
    #expect(faults(validUpstream + broken.yaml) == broken.faults)
  }

  @Test("says what is wrong with an upstream", arguments: upstreams)
  func inUpstreams(broken: BrokenConfiguration) {
    #expect(faults(broken.yaml, environment: broken.environment) == broken.faults)
  }

  @Test("says what is wrong with an image provider", arguments: providers)
  func inProviders(broken: BrokenConfiguration) {
    #expect(faults(validUpstream + broken.yaml) == broken.faults)
  }

  @Test("says what is wrong with the environment", arguments: variables)
  func inEnvironment(broken: BrokenConfiguration) {
    #expect(faults(validUpstream, environment: broken.environment) == broken.faults)
  }

  @Test("says everything that is wrong at once, in the order of its lines")
  func allAtOnce() {
    let yaml = """
      log: {level: loud}
      limits:
        connections: 0
      listen: nowhere
      upstreams:
        - nmae: x
          base_url: ftp://x
      """
    #expect(
      faults(yaml, environment: ["EASEL_THREADS": "many"]) == [
        "easel.yaml:1: log.level: 'loud' is not one of debug, info, warning, error",
        "easel.yaml:3: limits.connections: 0 is out of range: 1 to 1000000 is allowed",
        "easel.yaml:4: listen: 'nowhere' has no port: write host:port, such as 127.0.0.1:8080",
        "easel.yaml:5: upstreams: holds no upstream that can be used; at least one is needed",
        "easel.yaml:6: upstreams[0].name: is missing; every upstream needs it",
        "easel.yaml:6: upstreams[0].nmae: unknown key; did you mean 'name'?",
        "easel.yaml:7: upstreams[0].base_url: must begin with https:// or http://",
        "EASEL_THREADS: 'many' is not 'auto' or a number from 1 to 256",
      ])
  }

  @Test("without any upstream says how to name one")
  func noUpstream() {
    #expect(
      faults(nil) == [
        "no upstream: set OPENAI_API_KEY, or list one under upstreams in a file given with --config"
      ])
    #expect(
      faults("log: {level: info}") == [
        "no upstream: set OPENAI_API_KEY, or list one under upstreams in easel.yaml"
      ])
  }

  @Test("names files that cannot be read")
  func missingFiles() {
    let yaml = """
      tls: {certificate: cert.pem, key: key.pem}
      upstreams:
        - {name: a, base_url: "https://a", ca_file: ca.pem}
      """
    #expect(
      faults(yaml, missing: ["key.pem", "ca.pem"]) == [
        "easel.yaml:1: tls.key: the file 'key.pem' does not exist or cannot be read",
        "easel.yaml:3: upstreams[0].ca_file: the file 'ca.pem' does not exist or cannot be read",
      ])
  }

  @Test("that is no file says so")
  func noFile() {
    for (path, message) in [
      ("/nonexistent/easel.yaml", "the file does not exist"),
      ("/", "is a folder; a YAML file is needed"),
    ] {
      #expect {
        try Configuration.load(file: path, environment: [:])
      } throws: { error in
        "\(error)" == "\(path): \(message)"
      }
    }
  }
}
