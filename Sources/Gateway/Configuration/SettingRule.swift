import Observability

/// Why a setting's text is not taken; completes the sentence "`key`: …".
struct SettingProblem: Error, Hashable {
  var message: String

  init(_ message: String) {
    self.message = message
  }
}

/// How the text of a setting becomes its value, the same for files, variables and flags.
enum SettingRule {
  static func size(
    _ text: String, in range: ClosedRange<ByteCount>
  ) throws(SettingProblem) -> ByteCount {
    guard let size = ByteCount(parsing: text) else {
      throw SettingProblem(
        "\(Quoted(text)) is not a size: write bytes, or a whole number with KiB, MiB or GiB, "
          + "such as \(range.upperBound)")
    }
    guard range.contains(size) else {
      throw SettingProblem(
        "\(Quoted(text)) is out of range: \(range.lowerBound) to \(range.upperBound) is allowed")
    }
    return size
  }

  static func duration(
    _ text: String, in range: ClosedRange<Duration>
  ) throws(SettingProblem) -> Duration {
    guard let duration = Duration(configurationText: text) else {
      if !text.isEmpty && text.utf8.allSatisfy(\.isASCIIDigit) {
        throw SettingProblem(
          "\(Quoted(text)) has no unit: write \(text.prefix(20))s, or use ms, m, h")
      }
      throw SettingProblem(
        "\(Quoted(text)) is not a duration: write a number with ms, s, m, h or d, such as 10s")
    }
    guard range.contains(duration) else {
      throw SettingProblem(
        "\(Quoted(text)) is out of range: \(range.lowerBound.configurationText) to "
          + "\(range.upperBound.configurationText) is allowed")
    }
    return duration
  }

  static func integer(_ text: String, in range: ClosedRange<Int>) throws(SettingProblem) -> Int {
    guard let number = Int(text) else {
      throw SettingProblem("\(Quoted(text)) is not a whole number")
    }
    return try checked(number, in: range)
  }

  static func checked(_ number: Int, in range: ClosedRange<Int>) throws(SettingProblem) -> Int {
    guard range.contains(number) else {
      throw SettingProblem(
        "\(number) is out of range: \(range.lowerBound) to \(range.upperBound) is allowed")
    }
    return number
  }

  static func choice<Value: RawRepresentable<String> & CaseIterable>(
    _ text: String, _ type: Value.Type = Value.self
  ) throws(SettingProblem) -> Value {
    if let value = Value(rawValue: text) { return value }
    let names = Value.allCases.map(\.rawValue)
    throw SettingProblem("\(Quoted(text)) is not one of \(names.joined(separator: ", "))")
  }

  static func listen(_ text: String) throws(SettingProblem) -> ListenAddress {
    do throws(ListenAddress.Fault) {
      return try ListenAddress(parsing: text)
    } catch {
      throw SettingProblem("\(Quoted(text)) \(error.message)")
    }
  }

  static func threads(_ text: String) throws(SettingProblem) -> ThreadCount {
    if text == "auto" { return .auto }
    guard let number = Int(text), (1...256).contains(number) else {
      throw SettingProblem("\(Quoted(text)) is not 'auto' or a number from 1 to 256")
    }
    return .exactly(number)
  }

  /// A base URL without a slash at its end.
  static func baseURL(_ text: String) throws(SettingProblem) -> String {
    do throws(BaseURL.Fault) {
      return try BaseURL.parse(text).text
    } catch {
      throw SettingProblem(error.message)
    }
  }

  /// The base URL of an API: what stands before the endpoints' own paths.
  static func apiURL(_ text: String) throws(SettingProblem) -> String {
    let url = try baseURL(text)
    for endpoint in ["/chat/completions", "/images/generations", "/responses", "/models"]
    where url.hasSuffix(endpoint) {
      throw SettingProblem("must end before \(endpoint), which Easel adds itself")
    }
    return url
  }

  /// A name for logs, headers and aliases.
  static func name(_ text: String) throws(SettingProblem) -> String {
    let isValid = text.utf8.allSatisfy { byte in
      byte.isASCIIDigit || (0x61...0x7A).contains(byte) || [0x2D, 0x2E, 0x5F].contains(byte)
    }
    guard isValid, let first = text.utf8.first, text.utf8.count <= 64,
      first != 0x2D && first != 0x2E
    else {
      throw SettingProblem(
        "\(Quoted(text)) is not a name: up to 64 lower-case letters, digits, '-', '_', '.'")
    }
    return text
  }

  /// The name of an image profile.
  static func profile(_ text: String) throws(SettingProblem) -> String {
    let isValid = text.utf8.allSatisfy { byte in
      byte.isASCIIDigit || (0x61...0x7A).contains(byte) || [0x2D, 0x5F].contains(byte)
    }
    guard isValid, (1...64).contains(text.utf8.count) else {
      throw SettingProblem(
        "\(Quoted(text)) is not a profile's name: 1 to 64 lower-case letters, digits, '-', '_'")
    }
    return text
  }

  /// The name of a model, as clients and servers write it.
  static func model(_ text: String) throws(SettingProblem) -> String {
    guard (1...256).contains(text.utf8.count), text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F })
    else {
      throw SettingProblem(
        "\(Quoted(text)) is not a model's name: 1 to 256 characters without spaces are needed")
    }
    guard !text.contains("*") else {
      throw SettingProblem(
        "\(Quoted(text)) is not a model's name: only models: \"*\" stands for every model")
    }
    return text
  }

  /// The name of an environment variable. The text is not repeated: it may be the key itself.
  static func variable(_ text: String) throws(SettingProblem) -> String {
    let isValid = text.utf8.allSatisfy { $0.isASCIIDigit || $0.isASCIILetter || $0 == 0x5F }
    guard isValid, let first = text.utf8.first, !first.isASCIIDigit else {
      throw SettingProblem(
        "must be the name of an environment variable (letters, digits and '_'), "
          + "not the key itself")
    }
    return text
  }
}
