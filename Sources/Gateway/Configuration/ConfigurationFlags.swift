package import Observability
package import State

/// Settings from the command line, which beat the environment and the file.
package struct ConfigurationFlags: Sendable, Hashable {
  /// `--listen`.
  package var listen: ListenAddress?
  /// `--threads`.
  package var threads: ThreadCount?
  /// `--log-level`.
  package var logLevel: LogLevel?
  /// `--catalog`: path of the provider catalog.
  package var catalog: String?
  /// `--state`: the store of breakers and other state.
  package var state: StateURL?

  /// No flags.
  package init(
    listen: ListenAddress? = nil, threads: ThreadCount? = nil, logLevel: LogLevel? = nil,
    catalog: String? = nil, state: StateURL? = nil
  ) {
    self.listen = listen
    self.threads = threads
    self.logLevel = logLevel
    self.catalog = catalog
    self.state = state
  }
}
