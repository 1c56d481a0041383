internal import Images
internal import Observability

/// The keys under `images`.
extension ImagesConfiguration {
  mutating func read(_ settings: inout SettingsReader) {
    var sources = ImageProviderSources()
    settings.sections("providers") { sources.read(&$0) }
    providers = sources.providers
    profiles = ImageProfile.readAll(&settings)
    readDefaultProfile(&settings)
    settings.section("store") { store.read(&$0) }
    settings.read("allow_private_urls", &allowPrivateURLs)
    settings.read("concurrency", &concurrency, in: 1...1000)
    settings.read("memory", &memory, in: .mebibytes(16) ... .mebibytes(1 << 20))
    settings.read("queue", &queue, in: 0...100_000)
  }

  private mutating func readDefaultProfile(_ settings: inout SettingsReader) {
    let names = profiles.map(\.name)
    defaultProfile = settings.value("default_profile") { (text) throws(SettingProblem) in
      if names.contains(text) { return text }
      throw SettingProblem(
        "\(Quoted(text)) is no profile of images.profiles; "
          + Suggestion.hint(for: text, in: names))
    }
  }
}

/// The entries of `images.providers`, as they are read.
private struct ImageProviderSources {
  private(set) var providers: [ImageProviderConfiguration] = []
  private var lines: [String: Int] = [:]

  mutating func read(_ settings: inout SettingsReader) {
    let name = settings.value("name", SettingRule.name)
    let baseURL = settings.value("base_url", SettingRule.apiURL)
    for key in ["name", "base_url", "models"] where !settings.has(key) {
      settings.fault(key, "is missing; every image provider needs it")
    }
    if let name, let line = lines.updateValue(settings.line, forKey: name) {
      settings.fault("name", "\(Quoted(name)) is taken by the image provider in line \(line)")
    }
    var provider = ImageProviderConfiguration(name: name ?? "", baseURL: baseURL ?? "")
    (provider.apiKeyVariable, provider.apiKey) = settings.apiKey()
    if let variable = provider.apiKeyVariable, provider.apiKey == nil {
      settings.reading.warnings.append(
        ConfigurationWarning(
          "\(settings.path) (\(provider.name)): \(variable) is not set, "
            + "so requests go out without a key"))
    }
    settings.read("timeout", &provider.timeout, in: .seconds(1) ... .seconds(3600))
    settings.sections("models") { model in
      if let model = ImageModelConfiguration.read(&model) { provider.models.append(model) }
    }
    var ids: Set<String> = []
    for model in provider.models where !ids.insert(model.id).inserted {
      settings.fault("models", "names the model \(Quoted(model.id)) twice")
    }
    if name != nil && baseURL != nil && !provider.models.isEmpty { providers.append(provider) }
  }
}

extension ImageModelConfiguration {
  fileprivate static func read(_ settings: inout SettingsReader) -> ImageModelConfiguration? {
    let id = settings.value("id", SettingRule.model)
    if !settings.has("id") { settings.fault("id", "is missing; every image model needs it") }
    var model = ImageModelConfiguration(id: id ?? "")
    settings.read("tier", &model.tier)
    model.sizes =
      settings.list("sizes") { (text) throws(SettingProblem) in
        guard let size = ImagePixelSize(parsing: text) else {
          throw SettingProblem("\(Quoted(text)) is not a size in pixels, such as 1024x1024")
        }
        return size
      } ?? []
    settings.read("dialect", &model.dialect)
    settings.read("price", &model.price, in: 0...1000)
    settings.read("priority", &model.priority, in: 0...1000)
    settings.read("max_count", &model.maxCount, in: 1...10)
    return id == nil ? nil : model
  }
}

extension ImageStoreConfiguration {
  fileprivate mutating func read(_ settings: inout SettingsReader) {
    let folder = settings.value("path") { (text) throws(SettingProblem) in
      guard !text.isEmpty && !text.contains("\0") else {
        throw SettingProblem("must be the path of a folder")
      }
      return text
    }
    if let folder { path = folder }
    let expiry = settings.value("expire_after") { (text) throws(SettingProblem) -> Duration? in
      if text == "never" { return nil }
      guard Duration(configurationText: text) != nil else {
        throw SettingProblem("\(Quoted(text)) is neither 'never' nor a duration such as 30d")
      }
      return try SettingRule.duration(text, in: .seconds(60) ... .seconds(315_360_000))
    }
    if let expiry { expireAfter = expiry }
    let bound = settings.value("max_bytes") { (text) throws(SettingProblem) -> ByteCount? in
      if text == "unlimited" { return nil }
      guard ByteCount(parsing: text) != nil else {
        throw SettingProblem("\(Quoted(text)) is neither 'unlimited' nor a size such as 10GiB")
      }
      return try SettingRule.size(text, in: .mebibytes(1) ... .mebibytes(1 << 30))
    }
    if let bound { maxBytes = bound }
    settings.section("s3") { s3 = S3StoreConfiguration.read(&$0) }
  }
}
