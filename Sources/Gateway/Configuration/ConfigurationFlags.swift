package import Observability

/// Settings from the command line, which beat the environment and the file.
package struct ConfigurationFlags: Sendable, Hashable {
  /// `--listen`.
  package var listen: ListenAddress?
  /// `--threads`.
  package var threads: ThreadCount?
  /// `--log-level`.
  package var logLevel: LogLevel?

  /// No flags.
  package init(
    listen: ListenAddress? = nil, threads: ThreadCount? = nil, logLevel: LogLevel? = nil
  ) {
    self.listen = listen
    self.threads = threads
    self.logLevel = logLevel
  }
}
