import Observability

/// The entries of `upstreams`, as they are read.
struct UpstreamSources {
  private(set) var upstreams: [UpstreamConfiguration] = []
  private var lines: [String: Int] = [:]

  mutating func read(_ settings: inout SettingsReader) {
    let name = settings.value("name", SettingRule.name)
    let baseURL = settings.value("base_url", SettingRule.apiURL)
    for key in ["name", "base_url"] where !settings.has(key) {
      settings.fault(key, "is missing; every upstream needs it")
    }
    if let name, let line = lines.updateValue(settings.line, forKey: name) {
      settings.fault("name", "\(Quoted(name)) is taken by the upstream in line \(line)")
    }
    // Read on under a stand-in name, so that all that is wrong is found at once.
    var upstream = UpstreamConfiguration(name: name ?? "", baseURL: baseURL ?? "")
    upstream.readAccess(&settings)
    upstream.readModels(&settings)
    settings.section("timeouts") { upstream.timeouts.read(&$0) }
    upstream.readConcurrency(&settings)
    upstream.headers = settings.headers()
    upstream.caFile = settings.certificates("ca_file")
    if name != nil && baseURL != nil { upstreams.append(upstream) }
  }
}

extension UpstreamConfiguration {
  fileprivate mutating func readAccess(_ settings: inout SettingsReader) {
    (apiKeyVariable, apiKey) = settings.apiKey()
    if let variable = apiKeyVariable, apiKey == nil {
      settings.reading.warnings.append(
        ConfigurationWarning(
          "\(settings.path) (\(name)): \(variable) is not set, so requests go out without a key",
          failsCheck: true))
    }
    settings.read("forward_authorization", &forwardAuthorization)
    if forwardAuthorization && settings.has("api_key_env") {
      settings.fault(
        "forward_authorization",
        "cannot be true beside api_key_env: either the client's key is sent, or Easel's")
    }
  }

  fileprivate mutating func readConcurrency(_ settings: inout SettingsReader) {
    let limit = settings.value("concurrency") { (text) throws(SettingProblem) -> Int? in
      if text == "unlimited" { return nil }
      guard let number = Int(text) else {
        throw SettingProblem("\(Quoted(text)) is neither 'unlimited' nor a number such as 64")
      }
      return try SettingRule.checked(number, in: 1...100_000)
    }
    if let limit { concurrency = limit }
    settings.read("queue", &queue, in: 0...100_000)
    settings.read("queue_timeout", &queueTimeout, in: .zero ... .seconds(300))
  }

  fileprivate mutating func readModels(_ settings: inout SettingsReader) {
    if let listed = settings.models() { models = listed }
    settings.read("tools", &tools)
    modelsWithoutTools = Set(settings.list("models_without_tools", SettingRule.model) ?? [])
    for model in modelsWithoutTools.sorted() where !models.contains(model) {
      settings.fault(
        "models_without_tools", "names \(Quoted(model)), which is not among the upstream's models")
    }
  }
}

extension UpstreamTimeouts {
  fileprivate mutating func read(_ settings: inout SettingsReader) {
    settings.read("connect", &connect, in: .milliseconds(10) ... .seconds(300))
    settings.read("first_byte", &firstByte, in: .milliseconds(10) ... .seconds(3600))
    settings.read("idle", &idle, in: .milliseconds(10) ... .seconds(3600))
  }
}

extension UpstreamHeader {
  /// Fields that Easel or the connection sets.
  private static let reserved: Set<String> = [
    "host", "content-length", "content-type", "transfer-encoding", "connection", "keep-alive",
    "te", "trailer", "upgrade", "expect", "proxy-authorization", "proxy-connection",
    "accept-encoding", "authorization",
  ]

  fileprivate init(checkedName name: String, value: String) throws(SettingProblem) {
    // RFC 9110, section 5.6.2: token.
    let isToken = name.utf8.allSatisfy { byte in
      byte.isASCIIDigit || byte.isASCIILetter || "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
    guard isToken && !name.isEmpty && name.utf8.count <= 256 else {
      throw SettingProblem("is not a header's name")
    }
    guard !Self.reserved.contains(name.lowercased()) else {
      throw SettingProblem("is a header that Easel sets itself; a key goes into api_key_env")
    }
    // The value is not repeated in the message: it may be a key.
    guard value.isHeaderValue else {
      throw SettingProblem("has a value with line breaks or control characters, or over 8 KiB")
    }
    self.init(name: name, value: Secret(value))
  }
}

extension String {
  /// Whether the text can be a header's value: visible characters, spaces and tabs between them.
  var isHeaderValue: Bool {
    utf8.count <= 8192 && utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
      && first != " " && last != " " && first != "\t" && last != "\t"
  }
}

extension SettingsReader {
  /// Reads `models`: `"*"`, or a list of names.
  fileprivate mutating func models() -> ModelSelection? {
    guard let entry = entry("models") else { return nil }
    if case .scalar(let scalar) = entry.node.content {
      if scalar.text == "*" { return .any }
      fault("models", "\(Quoted(scalar.text)) is neither \"*\" nor a list such as [gpt-4o]")
      return nil
    }
    guard let names = list("models", SettingRule.model) else { return nil }
    if names.isEmpty {
      if case .sequence(let elements) = entry.node.content, elements.isEmpty {
        fault("models", "is an empty list; leave the key out, or write \"*\", for every model")
      }
      return nil
    }
    return .listed(names)
  }

  /// Reads `headers`. A value `${NAME}` is taken from the environment; without the variable the
  /// header is left out.
  fileprivate mutating func headers() -> [UpstreamHeader] {
    let reading = reading
    let path = path
    return pairs("headers") { (name, text) throws(SettingProblem) -> UpstreamHeader? in
      guard text.hasPrefix("${") && text.hasSuffix("}") else {
        return try UpstreamHeader(checkedName: name, value: text)
      }
      let variable = try SettingRule.variable(String(text.dropFirst(2).dropLast()))
      let key = reading.apiKey(in: variable)
      if key == nil {
        reading.warnings.append(
          ConfigurationWarning(
            "\(path).headers.\(name): \(variable) is not set, so the header is left out",
            failsCheck: true))
      }
      let header = try UpstreamHeader(checkedName: name, value: key?.reveal() ?? "")
      return key == nil ? nil : header
    }
    .compactMap(\.value)
  }

  /// Reads `api_key_env`: the variable's name, and the key that it holds.
  mutating func apiKey() -> (variable: String?, key: Secret?) {
    guard let variable = value("api_key_env", SettingRule.variable) else { return (nil, nil) }
    return (variable, reading.apiKey(in: variable))
  }
}

extension ConfigurationReading {
  /// The key in a variable, without the white space that files and shells leave around it.
  func apiKey(in variable: String) -> Secret? {
    guard let text = environment[variable] else { return nil }
    do throws(Secret.MalformedKey) { return try Secret.key(in: text) } catch {
      fault(variable: variable, error.message)
      return nil
    }
  }
}
