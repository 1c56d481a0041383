import EventLoop
import FoundationEssentials
import Gateway
import Observability

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What `easel` does with its command line.
enum Program {
  static func run(arguments: [String]) async -> Int32 {
    switch CommandLineParser.parse(Array(arguments.dropFirst())) {
    case .failure(let error):
      complain("\(error)")
      return ExitStatus.usage
    case .success(.help(let text)):
      say(text)
      return ExitStatus.success
    case .success(.version):
      say(Product.versionLine + "\n")
      return ExitStatus.success
    case .success(.check(let options)): return await check(options)
    case .success(.serve(let options)): return await serve(options)
    case .success(.demo(let options)): return await Demo.run(options)
    }
  }

  /// Ends the process without waiting for loops that still run, nor for their blocking work. What
  /// libraries do at `exit`, such as freeing OpenSSL's locks, would be done under those threads.
  static func exit(_ status: Int32) -> Never { _exit(status) }

  static let errorDescriptor = STDERR_FILENO

  static func say(_ text: String) { LogDescriptor.write(Array(text.utf8), to: STDOUT_FILENO) }
  static func complain(_ text: String) {
    LogDescriptor.write(Array("easel: \(text)\n".utf8), to: errorDescriptor)
  }

  private static func check(_ options: CheckOptions) async -> Int32 {
    let configuration: Configuration
    do throws(ConfigurationError) {
      configuration = try Configuration.load(
        file: options.config, environment: ProcessInfo.processInfo.environment,
        flags: ConfigurationFlags(catalog: options.catalog))
      for warning in configuration.warnings { complain(warning.message) }
      if configuration.warnings.contains(where: \.failsCheck) { return ExitStatus.configuration }
      say(
        (configuration.catalog.summary + configuration.images.profileSummary
          + ["the configuration is valid", ""])
          .joined(separator: "\n"))
    } catch {
      complain("\(error)")
      return ExitStatus.configuration
    }
    return options.keys == .ask ? await checkKeys(configuration) : ExitStatus.success
  }

  private static func checkKeys(_ configuration: Configuration) async -> Int32 {
    do {
      let report = try await KeyCheck.run(configuration, group: EventLoopGroup(count: 1))
      say(report.lines.joined(separator: "\n") + "\n")
      return report.isGood ? ExitStatus.success : ExitStatus.unavailable
    } catch {
      complain("the providers cannot be asked: \(error)")
      return ExitStatus.unavailable
    }
  }

  private static func serve(_ options: ServeOptions) async -> Int32 {
    let configuration: Configuration
    do throws(ConfigurationError) {
      configuration = try Configuration.load(
        file: options.config, environment: ProcessInfo.processInfo.environment,
        flags: options.flags)
    } catch {
      complain("\(error)")
      return ExitStatus.configuration
    }
    let output = LogOutput(descriptor: errorDescriptor)
    let logger = Logger(level: configuration.log.level, output: output)
    defer { _ = output.flush() }
    for warning in configuration.warnings { logger.warning(warning.message) }
    let cores = EventLoopGroup.coreCount
    let group = EventLoopGroup(count: configuration.threads.count(cores: cores))
    do throws(GatewayStartError) {
      let gateway = try await Gateway.start(configuration, group: group, logger: logger)
      return await Service.untilSignal(
        gateway, group, logger, announcement: "listening on \(gateway.url)\n")
    } catch {
      complain("\(error)")
      return ExitStatus.unavailable
    }
  }
}
