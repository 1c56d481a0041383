internal import Observability
/// The keys under `images.store.s3`.
extension S3StoreConfiguration {
  static func read(_ settings: inout SettingsReader) -> S3StoreConfiguration? {
    let endpoint = settings.value("endpoint", SettingRule.s3Endpoint)
    let bucket = settings.value("bucket", SettingRule.bucket)
    for key in ["endpoint", "bucket"] where !settings.has(key) {
      settings.fault(key, "is missing; a bucket needs it")
    }
    // Read on under stand-in names, so that all that is wrong is found at once.
    var store = S3StoreConfiguration(endpoint: endpoint ?? "", bucket: bucket ?? "")
    if let region = settings.value("region", SettingRule.region) { store.region = region }
    if let prefix = settings.value("prefix", SettingRule.keyPrefix) { store.prefix = prefix }
    settings.read("addressing", &store.addressing)
    store.readKeys(&settings)
    settings.read("urls", &store.urls)
    settings.read("url_expiry", &store.urlExpiry, in: .seconds(1) ... .seconds(7 * 86_400))
    guard endpoint != nil && bucket != nil else { return nil }
    store.checkAddressing(&settings)
    return store
  }

  private mutating func readKeys(_ settings: inout SettingsReader) {
    if let name = settings.value("access_key_env", SettingRule.variable) {
      accessKeyVariable = name
    }
    if let name = settings.value("secret_key_env", SettingRule.variable) {
      secretKeyVariable = name
    }
    sessionTokenVariable = settings.value("session_token_env", SettingRule.variable)
    let isTokenNamed = sessionTokenVariable != nil
    // The usual token belongs to the usual key, and spoils any other.
    if !isTokenNamed && accessKeyVariable == "AWS_ACCESS_KEY_ID" {
      sessionTokenVariable = "AWS_SESSION_TOKEN"
    }
    accessKey = settings.reading.apiKey(in: accessKeyVariable)
    secretKey = settings.reading.apiKey(in: secretKeyVariable)
    sessionToken = sessionTokenVariable.flatMap { settings.reading.apiKey(in: $0) }
    var missing: [String] = []
    if accessKey == nil { missing.append(accessKeyVariable) }
    if secretKey == nil { missing.append(secretKeyVariable) }
    if let variable = sessionTokenVariable, isTokenNamed, sessionToken == nil {
      missing.append(variable)
    }
    for variable in missing {
      settings.reading.warnings.append(
        ConfigurationWarning(
          "\(settings.path): \(variable) is not set, so no picture can be stored",
          failsCheck: true))
    }
  }

  private func checkAddressing(_ settings: inout SettingsReader) {
    guard addressing == .virtual, let parts = try? BaseURL.parse(endpoint) else { return }
    let isAddress =
      parts.host.contains(":") || parts.host.utf8.allSatisfy { $0.isASCIIDigit || $0 == 0x2E }
    if isAddress {
      settings.fault(
        "addressing", "cannot be virtual where the endpoint is an IP address; use path")
    } else if parts.isSecure && bucket.contains(".") {
      settings.fault(
        "addressing",
        "cannot be virtual for a bucket with dots, whose name no certificate covers; use path")
    }
  }
}

extension SettingRule {
  /// The URL of an S3 service.
  static func s3Endpoint(_ text: String) throws(SettingProblem) -> String {
    let url = try baseURL(text)
    let rest = url.drop { $0 != ":" }.dropFirst(3)
    guard rest.drop(while: { $0 != "/" }).utf8.allSatisfy({ isKeyByte($0) || $0 == 0x2F }) else {
      throw SettingProblem("has a path with characters other than letters, digits, '-', '.', '_'")
    }
    return url
  }

  /// The name of a bucket (docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html).
  static func bucket(_ text: String) throws(SettingProblem) -> String {
    let isValid = text.utf8.allSatisfy {
      $0.isASCIIDigit || (0x61...0x7A).contains($0) || $0 == 0x2D || $0 == 0x2E
    }
    guard isValid, (3...63).contains(text.utf8.count), !text.contains(".."),
      let first = text.first, let last = text.last, !"-.".contains(first), !"-.".contains(last)
    else {
      throw SettingProblem(
        "\(Quoted(text)) is not a bucket's name: 3 to 63 lower-case letters, digits, '-', '.'")
    }
    return text
  }

  /// The name of a region.
  static func region(_ text: String) throws(SettingProblem) -> String {
    guard (1...64).contains(text.utf8.count),
      text.utf8.allSatisfy({ $0.isASCIIDigit || $0.isASCIILetter || $0 == 0x2D })
    else {
      throw SettingProblem("\(Quoted(text)) is not a region, such as eu-central-1")
    }
    return text
  }

  /// A folder within a bucket.
  static func keyPrefix(_ text: String) throws(SettingProblem) -> String {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    let isValid = parts.allSatisfy {
      !$0.isEmpty && $0 != "." && $0 != ".." && $0.utf8.allSatisfy(isKeyByte)
    }
    guard text.isEmpty || isValid, text.utf8.count <= 512 else {
      throw SettingProblem(
        "\(Quoted(text)) is not a folder such as easel/pictures: letters, digits, '-', '.', '_' "
          + "between single slashes")
    }
    return text
  }

  private static func isKeyByte(_ byte: UInt8) -> Bool {
    byte.isASCIIDigit || byte.isASCIILetter || [0x2D, 0x2E, 0x5F, 0x7E].contains(byte)
  }
}
