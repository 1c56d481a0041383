internal import Images
internal import Observability

/// What is found out about providers besides their answers to clients.
package struct HealthConfiguration: Sendable, Hashable {
  /// How long it is believed who may be asked, if nothing changes meanwhile; default 5 min, 0 to 1 h.
  package var cache = Duration.seconds(300)
  /// Whether providers are asked by their cheapest endpoint whether they are there; default false.
  package var checks = false
  /// The image providers and upstreams that are asked; empty for all.
  package var providers: [String] = []
  /// The usual time between two checks of one provider; default 30 s, 1 s to 1 h.
  package var interval = Duration.seconds(30)
  /// How long a check may take; default 5 s, 100 ms to 1 min.
  package var timeout = Duration.seconds(5)
  /// Checks in a row that must succeed before a breaker is closed early; default 2, 1 to 100.
  package var rise = 2
  /// Checks in a row that must fail before a breaker is opened; default 3, 1 to 100.
  package var fall = 3

  /// The defaults.
  package init() {}
}

extension HealthConfiguration {
  /// - Parameter upstreams: the names of those that the file lists.
  mutating func read(_ settings: inout SettingsReader, upstreams: [String]) {
    settings.read("cache", &cache, in: .zero ... .seconds(3600))
    settings.read("checks", &checks)
    providers = settings.choices("providers", 1000, SettingRule.name)
    checkProviders(settings, upstreams)
    settings.read("interval", &interval, in: .seconds(1) ... .seconds(3600))
    settings.read("timeout", &timeout, in: .milliseconds(100) ... .seconds(60))
    settings.read("rise", &rise, in: 1...100)
    settings.read("fall", &fall, in: 1...100)
  }

  /// Reports what there is not, once it is known who makes pictures.
  private func checkProviders(_ settings: SettingsReader, _ upstreams: [String]) {
    let providers = providers
    settings.reading.checkLater { catalog in
      let known = upstreams + catalog.providers.map(\.name).filter { !upstreams.contains($0) }
      for (index, name) in providers.enumerated() where !known.contains(name) {
        settings.fault(
          "providers",
          "\(Quoted(name)) (entry \(index + 1)) is neither an upstream nor an image provider; "
            + Suggestion.hint(for: name, in: known))
      }
    }
  }
}
