/// What the command line asks for.
package enum CommandLineInvocation: Sendable, Hashable {
  /// Run the gateway.
  case serve(ServeOptions)
  /// Run the gateway with simulated providers.
  case demo(DemoOptions)
  /// Validate the configuration.
  case check(CheckOptions)
  /// Print this text to the standard output.
  case help(String)
  /// Print ``Product/version``.
  case version
}

/// The options of `easel serve`.
package struct ServeOptions: Sendable, Hashable {
  /// Path of the configuration file; nil runs from the environment alone.
  package var config: String?
  /// Settings that beat the environment and the file.
  package var flags = ConfigurationFlags()

  /// No options.
  package init() {}
}

/// The options of `easel demo`.
package struct DemoOptions: Sendable, Hashable {
  /// Where to listen; default `127.0.0.1:8080`.
  package var listen = ListenAddress(host: "127.0.0.1", port: 8080)
  /// Event loops; default one for each core.
  package var threads = ThreadCount.auto

  /// No options.
  package init() {}
}

/// The options of `easel check`.
package struct CheckOptions: Sendable, Hashable {
  /// Path of the configuration file; nil checks the environment alone.
  package var config: String?
  /// Path of the provider catalog; nil looks for it as `easel serve` does.
  package var catalog: String?
  /// Whether the providers are asked if their keys are good.
  package var keys = KeyChecking.skip

  /// No options.
  package init() {}
}

/// Whether `easel check` asks the providers.
package enum KeyChecking: String, Sendable, Hashable, CaseIterable {
  case skip, ask
}

/// A command line that cannot be understood. Goes to the standard error, before the process ends
/// with ``ExitStatus/usage``.
package struct UsageError: Error, Hashable, CustomStringConvertible {
  /// What is wrong, and where to read on.
  package let description: String
}

/// What the process says when it ends, as in `sysexits.h`.
package enum ExitStatus {
  /// All went well.
  package static let success: Int32 = 0
  /// EX_USAGE: the command line cannot be understood.
  package static let usage: Int32 = 64
  /// EX_UNAVAILABLE: the gateway could not start, because the address is taken, for example.
  package static let unavailable: Int32 = 69
  /// EX_TEMPFAIL: the gateway stopped, and requests that took longer than the grace were cut.
  package static let requestsCut: Int32 = 75
  /// EX_CONFIG: the configuration is wrong.
  package static let configuration: Int32 = 78
}

/// The program's name and version.
package enum Product {
  /// Semantic version.
  package static let version = "0.1.0"
  /// What `easel version` prints.
  package static let versionLine = "easel \(version)"
}
