import FoundationEssentials
internal import Images

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Loading: the defaults, then the file, then the environment, then the flags.
extension Configuration {
  /// Reads the whole configuration. May block on files: not for an event loop.
  /// - Parameters:
  ///   - path: The file; nil reads none.
  ///   - environment: The process's variables.
  /// - Throws: Everything that is wrong with it, all at once.
  package static func load(
    file path: String?, environment: [String: String], flags: ConfigurationFlags = .init()
  ) throws(ConfigurationError) -> Configuration {
    var text: [UInt8]?
    if let path {
      do throws(SettingProblem) {
        text = try contents(ofFile: path, "a YAML file", YAMLComposer.maximumSize)
        if text == nil { throw SettingProblem("the file does not exist") }
      } catch {
        throw ConfigurationError(faults: [
          ConfigurationFault(source: .file(path, line: nil), key: "", message: error.message)
        ])
      }
    }
    return try load(
      yaml: text, name: path ?? "the file", environment: environment, flags: flags,
      isReadable: Self.isReadableFile,
      contents: { (path) throws(SettingProblem) in
        try contents(ofFile: path, "a JSON file", ByteCount(CatalogReader.maximumSize))
      }, problem: \.problem)
  }

  /// The same from a text in memory; `isReadable` and `problem` answer for the files that it names,
  /// and `contents` has those that are read.
  static func load(
    yaml: [UInt8]?, name: String, environment: [String: String],
    flags: ConfigurationFlags = .init(), isReadable: @escaping (String) -> Bool,
    contents: @escaping (String) throws(SettingProblem) -> [UInt8]? = { _ in nil },
    problem: @escaping (PEMFiles) -> String? = { _ in nil }
  ) throws(ConfigurationError) -> Configuration {
    let reading = ConfigurationReading(
      file: name, environment: environment, isReadable: isReadable, contents: contents,
      problem: problem)
    return try load(yaml: yaml, reading, flags: flags)
  }

  static func load(
    yaml: [UInt8]?, _ reading: ConfigurationReading, flags: ConfigurationFlags = .init()
  ) throws(ConfigurationError) -> Configuration {
    var configuration = Configuration()
    configuration.readCatalog(reading, flag: flags.catalog)
    if let yaml {
      let (root, errors) = YAMLComposer.compose(yaml)
      for error in errors { reading.fault(line: error.mark?.line, "", error.message) }
      // What the text means is not known when it cannot be read in full.
      if !errors.isEmpty { try reading.check() }
      if let root, !root.isNull {
        SettingsReader.read(root, reading, path: "", pattern: "") { configuration.read(&$0) }
      }
    }
    configuration.apply(environment: reading)
    configuration.apply(flags)
    if let catalog = try? SharedServices.catalog(configuration) { reading.checkNow(catalog) }
    if configuration.upstreams.isEmpty && reading.faults.isEmpty {
      let place = yaml == nil ? "in a file given with --config" : "in \(reading.file)"
      reading.fault("no upstream: set OPENAI_API_KEY, or list one under upstreams \(place)")
    }
    try reading.check()
    configuration.warnAboutMissingPictures(reading)
    configuration.warnings = reading.warnings
    return configuration
  }

  private mutating func apply(_ flags: ConfigurationFlags) {
    if let value = flags.listen { listen = value }
    if let value = flags.threads { threads = value }
    if let value = flags.logLevel { log.level = value }
    if let value = flags.state { state.url = value }
  }

  /// Nil where there is no such file.
  private static func contents(
    ofFile path: String, _ kind: String, _ limit: ByteCount
  ) throws(SettingProblem) -> [UInt8]? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    guard status.st_mode & S_IFMT != S_IFDIR else {
      throw SettingProblem("is a folder; \(kind) is needed")
    }
    guard status.st_size <= limit.bytes else { throw SettingProblem("is larger than \(limit)") }
    guard let data = FileManager.default.contents(atPath: path) else {
      throw SettingProblem("the file cannot be read")
    }
    return [UInt8](data)
  }

  private static func isReadableFile(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT != S_IFDIR
      && access(path, R_OK) == 0
  }
}
