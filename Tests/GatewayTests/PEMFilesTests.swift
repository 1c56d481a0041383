import Foundation
import TestSupport
import Testing

@testable import Gateway

@Suite("PEM files that a configuration names")
struct PEMFilesTests {
  /// Real files: of one pair the key is of another certificate, and one holds no certificate.
  @Test("are found to be of no use while it is read, at the lines that name them")
  func useless() throws {
    let originals = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("EventLoopTests/Fixtures/tls")
    let folder = try TemporaryFolder.make("pem")
    defer { try? FileManager.default.removeItem(at: folder) }
    // At a path of some length, which a message must show to its end.
    let copy = folder.appendingPathComponent(String(repeating: "long", count: 30))
    try FileManager.default.copyItem(at: originals, to: copy)
    let fixtures = copy.path
    let file = folder.appendingPathComponent("easel.yaml")
    func faults(certificate: String, authority: String) throws -> [String] {
      let yaml = """
        tls:
          certificate: \(fixtures)/\(certificate)
          key: \(fixtures)/server.key
        upstreams:
          - {name: a, base_url: "https://a.test", models: [m], ca_file: "\(fixtures)/\(authority)"}

        """
      try Data(yaml.utf8).write(to: file)
      do throws(ConfigurationError) {
        _ = try Configuration.load(file: file.path, environment: [:])
        return []
      } catch {
        return error.faults.map {
          $0.description.replacingOccurrences(of: fixtures + "/", with: "")
            .replacingOccurrences(of: folder.path + "/", with: "")
        }
      }
    }
    #expect(try faults(certificate: "server.pem", authority: "authority.pem").isEmpty)
    let mismatch = try faults(certificate: "authority.pem", authority: "authority.pem")
    #expect(mismatch.count == 1)
    #expect(
      mismatch.first?.hasPrefix("easel.yaml:3: tls.key: the file 'server.key' cannot be used: ")
        == true)
    let empty = try faults(certificate: "server.key", authority: "server.key")
    #expect(empty.count == 2)
    #expect(
      empty.first?.hasPrefix("easel.yaml:2: tls.certificate: the file 'server.key' cannot") == true)
    #expect(
      empty.last?.hasPrefix("easel.yaml:5: upstreams[0].ca_file: the file 'server.key' cannot")
        == true)
  }
}
