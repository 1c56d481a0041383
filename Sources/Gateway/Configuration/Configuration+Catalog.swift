internal import Images
internal import Observability

/// Loading the provider catalog.
extension Configuration {
  /// The catalog that is read where none is named, if it is there.
  static let catalogPath = "PROVIDER_CATALOG.json"

  mutating func readCatalog(_ reading: ConfigurationReading, flag: String?) {
    let named = flag ?? reading.environment["EASEL_CATALOG"]
    let path = named ?? Self.catalogPath
    let bytes: [UInt8]
    do throws(SettingProblem) {
      guard let contents = try reading.contents(path) else {
        if named != nil { reading.fault(file: path, line: nil, "", "the file does not exist") }
        return
      }
      bytes = contents
    } catch {
      return reading.fault(file: path, line: nil, "", error.message)
    }
    do throws(CatalogError) {
      let read = try CatalogReader.read(bytes, environment: reading.environment)
      catalog.path = path
      catalog.images = read.images
      catalog.chat = read.chat
      catalog.variables = read.variables
      keepKeyFromStranger(reading)
    } catch {
      for fault in error.faults {
        reading.fault(file: path, line: fault.line, fault.path, fault.message)
      }
    }
  }

  /// A key that comes with another server's `OPENAI_BASE_URL` is that server's: it is not sent to
  /// the OpenAI API, unless the operator names that API too.
  private mutating func keepKeyFromStranger(_ reading: ConfigurationReading) {
    guard let text = reading.environment["OPENAI_BASE_URL"],
      let url = try? SettingRule.apiURL(text), url != Self.openAIURL
    else { return }
    catalog.images.providers.removeAll { provider in
      guard provider.keyVariable == "OPENAI_API_KEY", provider.apiKey != nil,
        provider.baseURLVariable.map({ reading.environment[$0] == nil }) ?? true
      else { return false }
      let hint = provider.baseURLVariable.map { "; set \($0) to use it for pictures" } ?? ""
      reading.warnings.append(
        ConfigurationWarning(
          "the image provider \(provider.name) is left out, because OPENAI_API_KEY belongs to "
            + "OPENAI_BASE_URL\(hint)"))
      return true
    }
  }

  /// Says why there will be no pictures, unless they are turned off.
  func warnAboutMissingPictures(_ reading: ConfigurationReading) {
    guard imageTool.enabled, reading.environment["EASEL_IMAGE_MODEL"] != "none",
      images.providers.isEmpty, !catalog.images.providers.contains(where: \.isUsable)
    else { return }
    let enabled = catalog.images.providers.filter { $0.isEnabled && $0.lacksKey }
    var keys: [String] = []
    for key in enabled.compactMap(\.keyVariable) where !keys.contains(key) { keys.append(key) }
    let remedy =
      if catalog.path == nil {
        "there is no \(Self.catalogPath) here: name one with --catalog"
      } else if keys.isEmpty {
        "\(catalog.path ?? "") has none that is turned on: change that"
      } else {
        "none of \(catalog.path ?? "") has its key: set one of \(keys.joined(separator: ", "))"
      }
    reading.warnings.append(
      ConfigurationWarning(
        "no image provider, so no pictures; \(remedy), set EASEL_IMAGE_MODEL, list one under "
          + "images.providers, or set image_tool.enabled to false"))
  }
}
