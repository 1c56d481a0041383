package import EventLoop
internal import HTTP
internal import Images

/// Asks every usable image provider of a configuration whether its key is good.
package enum KeyCheck {
  /// What came of it: a line for each provider, and whether all were good.
  package struct Report: Sendable {
    package var lines: [String] = []
    package var isGood = true
  }

  /// Asks the providers one after the other. Nothing is drawn and nothing is paid.
  /// - Throws: what keeps a client from being made, such as a missing file of certificates.
  package static func run(
    _ configuration: Configuration, group: EventLoopGroup
  ) async throws -> Report {
    let providers = configuration.catalog.images.providers
    let loop = group.next()
    return try await loop.run {
      let client = HTTPClient(loop: loop, tls: try TLSContext(client: nil))
      defer { client.closeIdleConnections() }
      var report = Report()
      for provider in providers {
        guard provider.isUsable else {
          report.lines.append("\(provider.name): not asked, since it is turned off or has no key")
          continue
        }
        switch await ProviderCheck.ask(provider, client: client) {
        case .accepted(let unlisted) where unlisted.isEmpty:
          report.lines.append("\(provider.name): the key is good")
        case .accepted(let unlisted):
          report.lines.append(
            "\(provider.name): the key is good; it does not list \(unlisted.joined(separator: ", "))"
          )
        case .failed(_, let reason):
          report.isGood = false
          report.lines.append("\(provider.name): \(reason)")
        }
      }
      return report
    }
  }
}
