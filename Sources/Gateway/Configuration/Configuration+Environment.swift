internal import HTTP
internal import Images
import Observability

/// What the environment says; it beats the file.
extension Configuration {
  /// The OpenAI API's own base URL, which a key without a base URL belongs to.
  static let openAIURL = "https://api.openai.com/v1"
  /// What the upstream is called that the environment names.
  static let openAIName = "openai"

  mutating func apply(environment reading: ConfigurationReading) {
    if let value = reading.variable("EASEL_LISTEN", SettingRule.listen) { listen = value }
    if let value = reading.variable("EASEL_THREADS", SettingRule.threads) { threads = value }
    if let value = reading.variable("EASEL_PUBLIC_URL", SettingRule.baseURL) { publicURL = value }
    let level: LogLevel? = reading.variable("EASEL_LOG_LEVEL") { (text) throws(SettingProblem) in
      try SettingRule.choice(text)
    }
    if let level { log.level = level }
    let iterations: Int? = reading.variable("MAX_TOOL_ITERATIONS") {
      (text) throws(SettingProblem) in
      try SettingRule.integer(text, in: ImageToolConfiguration.iterations)
    }
    if let iterations { imageTool.maxIterations = iterations }
    applyResilience(reading)
    proxy = ProxySettings(reading)
    applyOpenAI(reading)
    warnAboutUnknownVariables(reading)
  }

  /// Where state is kept, the breakers, and who may change them.
  private mutating func applyResilience(_ reading: ConfigurationReading) {
    if let value = reading.variable("REDIS_URL", SettingRule.stateURL) { state.url = value }
    if let value = reading.variable("EASEL_STATE", SettingRule.stateURL) { state.url = value }
    let enabled = reading.variable("CIRCUIT_BREAKER_ENABLED") { (text) throws(SettingProblem) in
      guard let flag = ["true": true, "false": false][text] else {
        throw SettingProblem("\(Quoted(text)) is not true or false")
      }
      return flag
    }
    if let enabled { circuitBreaker.enabled = enabled }
    circuitBreaker.failureThreshold = reading.variable("CIRCUIT_BREAKER_FAILURE_THRESHOLD") {
      (text) throws(SettingProblem) in
      try SettingRule.integer(text, in: CircuitBreakerConfiguration.thresholds)
    }
    circuitBreaker.openTime = reading.variable("CIRCUIT_BREAKER_TIMEOUT_MS") {
      (text) throws(SettingProblem) in
      .milliseconds(try SettingRule.integer(text, in: 100...86_400_000))
    }
    admin.key = reading.apiKey(in: admin.keyVariable)
  }

  /// The upstream and the image provider that `OPENAI_BASE_URL` and `OPENAI_API_KEY` stand for.
  private mutating func applyOpenAI(_ reading: ConfigurationReading) {
    let url = reading.variable("OPENAI_BASE_URL", SettingRule.apiURL)
    let hasUpstreams = !upstreams.isEmpty || reading.hasFault(key: "upstreams")
    let isNamed = ["OPENAI_BASE_URL", "OPENAI_API_KEY"].contains {
      reading.environment[$0] != nil
    }
    if hasUpstreams {
      if url != nil && !usesOpenAIForImagesOnly(reading) {
        reading.warnings.append(
          ConfigurationWarning(
            "OPENAI_BASE_URL is set but not used, because \(reading.file) lists upstreams"))
      }
    } else if isNamed {
      var upstream = UpstreamConfiguration(name: Self.openAIName, baseURL: url ?? Self.openAIURL)
      (upstream.apiKeyVariable, upstream.apiKey) = Self.openAIKey(upstream.baseURL, reading)
      if upstream.apiKeyVariable != nil && upstream.apiKey == nil {
        reading.warnings.append(
          ConfigurationWarning(
            "OPENAI_API_KEY is not set, so requests to \(upstream.baseURL) go out without a key",
            failsCheck: true))
      }
      upstreams = [upstream]
    }
    applyImageModel(url: url ?? Self.openAIURL, reading)
  }

  /// The model that `EASEL_IMAGE_MODEL` names, which is asked before those of the catalog.
  private mutating func applyImageModel(url: String, _ reading: ConfigurationReading) {
    let model = reading.variable("EASEL_IMAGE_MODEL", SettingRule.model)
    guard model != "none" else {
      images.providers = []
      catalog.images.providers = []
      return
    }
    guard images.providers.isEmpty && !reading.hasFault(key: "images.providers") else {
      if model != nil {
        reading.warnings.append(
          ConfigurationWarning(
            "EASEL_IMAGE_MODEL is set but not used, because \(reading.file) lists "
              + "images.providers"))
      }
      return
    }
    guard let id = model, !prefer(id, at: url) else { return }
    var provider = ImageProviderConfiguration(name: "openai", baseURL: url)
    (provider.apiKeyVariable, provider.apiKey) = Self.openAIKey(url, reading)
    provider.models = [ImageModelConfiguration(id: id)]
    images.providers = [provider]
  }

  /// Puts a model of the catalog before all others; false where the catalog does not have it.
  private mutating func prefer(_ id: String, at url: String) -> Bool {
    for (index, provider) in catalog.images.providers.enumerated()
    where provider.baseURL.description == url {
      guard let place = provider.models.firstIndex(where: { $0.id == id }) else { continue }
      catalog.images.providers[index].models[place].priority = 0
      return true
    }
    return false
  }

  /// The key for a server that the environment names; a server other than OpenAI's may need none.
  private static func openAIKey(
    _ url: String, _ reading: ConfigurationReading
  ) -> (variable: String?, key: Secret?) {
    let key = reading.apiKey(in: "OPENAI_API_KEY")
    return (key != nil || url == openAIURL ? "OPENAI_API_KEY" : nil, key)
  }

  private func usesOpenAIForImagesOnly(_ reading: ConfigurationReading) -> Bool {
    let model = reading.environment["EASEL_IMAGE_MODEL"]
    return model != nil && model != "none" && images.providers.isEmpty
  }

  private func warnAboutUnknownVariables(_ reading: ConfigurationReading) {
    let known = ConfigurationReference.variables.map(\.name)
    var used = Set(known)
    used.formUnion(upstreams.compactMap(\.apiKeyVariable))
    used.formUnion(images.providers.compactMap(\.apiKeyVariable))
    if let s3 = images.store.s3 {
      used.formUnion([s3.accessKeyVariable, s3.secretKeyVariable])
      if let variable = s3.sessionTokenVariable { used.insert(variable) }
    }
    used.formUnion(catalog.variables)
    used.insert(admin.keyVariable)
    for name in reading.environment.keys.sorted() where !used.contains(name) {
      // A flag that is misspelt would leave a paid provider turned on.
      let isFlag = name.hasPrefix("ENABLE_IMAGE_GENERATION_") && catalog.path != nil
      guard name.hasPrefix("EASEL_") || isFlag else { continue }
      let hint =
        Suggestion.nearest(to: name, in: isFlag ? catalog.variables.sorted() : known).map {
          "; did you mean \($0)?"
        }
        ?? ""
      let what = isFlag ? "no feature flag of the catalog" : "no variable of Easel"
      reading.warnings.append(
        ConfigurationWarning("\(Quoted(name).plain) is set, but is \(what)\(hint)"))
    }
  }
}

extension ConfigurationReading {
  /// Whether something at or below a key is wrong.
  func hasFault(key: String) -> Bool {
    faults.contains { $0.key.hasPrefix(key) }
  }
}
