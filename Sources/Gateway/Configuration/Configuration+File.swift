internal import Observability

/// The keys of the file; the parts with many keys are in files of their own.
extension Configuration {
  mutating func read(_ settings: inout SettingsReader) {
    if let value = settings.value("listen", SettingRule.listen) { listen = value }
    if let value = settings.value("threads", SettingRule.threads) { threads = value }
    if let value = settings.value("public_url", SettingRule.baseURL) { publicURL = value }
    settings.section("tls") { tls = TLSConfiguration.read(&$0) }
    settings.section("limits") { limits.read(&$0) }
    var sources = UpstreamSources()
    settings.sections("upstreams") { sources.read(&$0) }
    upstreams = sources.upstreams
    if settings.has("upstreams") && upstreams.isEmpty {
      settings.fault("upstreams", "holds no upstream that can be used; at least one is needed")
    }
    readAliases(&settings)
    settings.section("retries") { retries.read(&$0) }
    settings.section("image_tool") { imageTool.read(&$0) }
    settings.section("images") { images.read(&$0) }
    settings.section("state") { state.read(&$0) }
    settings.section("circuit_breaker") { circuitBreaker.read(&$0) }
    // Without a list it is the one that the environment names.
    let upstreamNames = upstreams.isEmpty ? [Self.openAIName] : upstreams.map(\.name)
    settings.section("health") { health.read(&$0, upstreams: upstreamNames) }
    settings.section("admin") { admin.read(&$0) }
    settings.section("metrics") { metrics.read(&$0) }
    settings.section("shutdown") { shutdown.read(&$0) }
    settings.section("log") { log.read(&$0) }
  }

  private mutating func readAliases(_ settings: inout SettingsReader) {
    let entries = settings.named("aliases", SettingRule.model)
    let names = Set(entries.map(\.name))
    for (name, entry) in entries {
      guard let targets = AliasConfiguration.read(entry, settings.reading) else { continue }
      for (target, line) in targets {
        if let problem = problem(ofTarget: target.name, aliases: names) {
          settings.reading.fault(line: line, entry.path, problem.message)
        }
      }
      aliases[name] = AliasConfiguration(targets.map(\.target))
    }
  }

  private func problem(ofTarget target: String, aliases: Set<String>) -> SettingProblem? {
    if aliases.contains(target) {
      return SettingProblem("points to \(Quoted(target)), which is an alias itself; name a model")
    }
    return upstreams.isEmpty ? nil : Self.problem(ofTarget: target, in: upstreams)
  }

  /// What is wrong with an alias's target: `model`, or `upstream/model`.
  private static func problem(
    ofTarget target: String, in upstreams: [UpstreamConfiguration]
  ) -> SettingProblem? {
    if let slash = target.firstIndex(of: "/"),
      let upstream = upstreams.first(where: { $0.name == target[..<slash] })
    {
      let model = String(target[target.index(after: slash)...])
      if upstream.models.contains(model) && !model.isEmpty { return nil }
      return SettingProblem("the upstream '\(upstream.name)' has no model \(Quoted(model))")
    }
    if upstreams.contains(where: { $0.models.contains(target) }) { return nil }
    return SettingProblem("no upstream has the model \(Quoted(target))")
  }
}

extension TLSConfiguration {
  fileprivate static func read(_ settings: inout SettingsReader) -> TLSConfiguration? {
    let certificate = settings.certificates("certificate")
    let key = settings.file("key")
    for name in ["certificate", "key"] where !settings.has(name) {
      settings.fault(name, "is missing; HTTPS needs both a certificate and a key")
    }
    guard let certificate, let key else { return nil }
    if let problem = settings.reading.problem(.server(certificate: certificate, key: key)) {
      settings.fault("key", "the file \(Quoted(path: key)) cannot be used: \(problem)")
    }
    return TLSConfiguration(certificate: certificate, key: key)
  }
}

extension LimitsConfiguration {
  fileprivate mutating func read(_ settings: inout SettingsReader) {
    let sizes = ByteCount.kibibytes(1)...ByteCount.mebibytes(1024)
    let durations = Duration.milliseconds(100)...Duration.seconds(3600)
    settings.read("body", &body, in: sizes)
    settings.read("image", &image, in: sizes)
    settings.read("header_timeout", &headerTimeout, in: durations)
    settings.read("body_timeout", &bodyTimeout, in: durations)
    settings.read("write_timeout", &writeTimeout, in: durations)
    settings.read("idle_timeout", &idleTimeout, in: durations)
    settings.read("connections", &connections, in: 1...1_000_000)
  }
}

extension ImageToolConfiguration {
  static let iterations = 1...50

  fileprivate mutating func read(_ settings: inout SettingsReader) {
    settings.read("enabled", &enabled)
    settings.read("default_mode", &defaultMode)
    settings.read("max_iterations", &maxIterations, in: Self.iterations)
    settings.read("max_images_per_request", &maxImagesPerRequest, in: 1...100)
    settings.read("keep_alive", &keepAlive, in: .seconds(1) ... .seconds(60))
    settings.read("argument_bytes", &argumentBytes, in: .kibibytes(1) ... .mebibytes(1))
    settings.read("default_quality", &defaultQuality)
  }
}

extension ShutdownConfiguration {
  fileprivate mutating func read(_ settings: inout SettingsReader) {
    settings.read("grace", &grace, in: .zero ... .seconds(3600))
    settings.read("readiness_delay", &readinessDelay, in: .zero ... .seconds(600))
  }
}

extension LogConfiguration {
  fileprivate mutating func read(_ settings: inout SettingsReader) {
    settings.read("level", &level)
    settings.read("prompts", &prompts)
  }
}
