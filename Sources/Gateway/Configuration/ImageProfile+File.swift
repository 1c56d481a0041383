internal import Images
internal import Observability

/// The keys under `images.profiles`.
extension ImageProfile {
  /// Profiles of one file, and sizes and styles of one profile.
  private static let mostProfiles = 100
  private static let mostChoices = 50

  /// Reads the profiles, in the file's order. What they say of models and providers is checked once
  /// all of these are known.
  static func readAll(_ settings: inout SettingsReader) -> [ImageProfile] {
    let entries = settings.named("profiles", isLeaf: false, SettingRule.profile)
    if entries.count > mostProfiles {
      settings.fault(
        "profiles", "holds \(entries.count) profiles; at most \(mostProfiles) are allowed")
    }
    return entries.map { name, entry in
      var profile = ImageProfile(name: name)
      SettingsReader.read(
        entry.node, settings.reading, path: entry.path, pattern: "images.profiles.*"
      ) { settings in
        profile.read(&settings)
        let reference = ImageProfileReference(profile, settings)
        settings.reading.checkLater(reference.check)
      }
      return profile
    }
  }

  private mutating func read(_ settings: inout SettingsReader) {
    let name = settings.value("model", SettingRule.model)
    model = name == "auto" ? nil : name
    providers = settings.choices("providers", Self.mostChoices, SettingRule.name)
    quality = settings.value("quality", Self.word("auto ultra high standard fast hd medium low"))
    size = settings.value("size", Self.size)
    style = settings.value("style", Self.style)
    background = settings.value("background", Self.word("transparent opaque auto"))
    outputFormat = settings.value("output_format", Self.word("png jpeg webp"))
    negativePrompt = settings.value("negative_prompt") { (text) throws(SettingProblem) in
      guard text.contains(where: { !$0.isWhitespace }), text.count <= 4000 else {
        throw SettingProblem("must be a text of 1 to 4000 characters")
      }
      return text
    }
    sizes = settings.choices("sizes", Self.mostChoices, Self.size)
    styles = settings.choices("styles", Self.mostChoices, Self.style)
    settings.read("max_count", &maxCount, in: 1...10)
    settings.read("max_cost", &maxCost, in: 0...1000)
    settings.read("on_refusal", &onRefusal)
    if let size, !sizes.isEmpty, !sizes.contains(size) {
      settings.fault("size", "\(Quoted("\(size)")) is not among the profile's sizes")
    }
    if let style, !styles.isEmpty, !styles.contains(style) {
      settings.fault("style", "\(Quoted(style)) is not among the profile's styles")
    }
  }

  private static func size(_ text: String) throws(SettingProblem) -> ImageSize {
    guard let size = ImageSize(text) else {
      throw SettingProblem("\(Quoted(text)) is not a size in pixels, such as 1024x1024")
    }
    return size
  }

  private static func style(_ text: String) throws(SettingProblem) -> String {
    guard (1...64).contains(text.count), text.contains(where: { !$0.isWhitespace }) else {
      throw SettingProblem("\(Quoted(text)) is not a style: 1 to 64 characters are needed")
    }
    return text
  }

  /// One of some words.
  private static func word(
    _ words: String
  ) -> (String) throws(SettingProblem) -> String {
    let words = words.split(separator: " ").map(String.init)
    return { (text) throws(SettingProblem) in
      guard words.contains(text) else {
        throw SettingProblem("\(Quoted(text)) is not one of \(words.joined(separator: ", "))")
      }
      return text
    }
  }
}
