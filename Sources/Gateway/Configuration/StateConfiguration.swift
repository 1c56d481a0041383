package import State

/// Where breakers and other state are kept, so that they survive a restart and can be shared.
package struct StateConfiguration: Sendable, Hashable {
  /// The store; default `sqlite:data/easel.db`.
  package var url = StateURL.standard
  /// How long the start, and an operator's command, wait for a store that does not answer; default
  /// 1 s, 0 to 1 min. After it the gateway works with what it knows.
  package var startTimeout = Duration.seconds(1)
  /// The longest that a request waits for the store: for its word on the trial of an open breaker, or
  /// for what another gateway remembers: turns, proposals, pictures that are paid for; default 10 ms,
  /// 0 to 1 s. Nothing else in a request of a client waits for the store.
  package var trialTimeout = Duration.milliseconds(10)

  /// The defaults.
  package init() {}

  /// Kept by the process, and gone with it.
  package static var inProcess: StateConfiguration {
    var state = StateConfiguration()
    state.url = .memory
    return state
  }
}

extension StateConfiguration {
  mutating func read(_ settings: inout SettingsReader) {
    if let value = settings.value("url", SettingRule.stateURL) { url = value }
    settings.read("start_timeout", &startTimeout, in: .zero ... .seconds(60))
    settings.read("trial_timeout", &trialTimeout, in: .zero ... .seconds(1))
  }
}

extension SettingRule {
  /// The text is not repeated: it may hold a password.
  static func stateURL(_ text: String) throws(SettingProblem) -> StateURL {
    do throws(StateURL.Fault) { return try StateURL(parsing: text) } catch {
      throw SettingProblem(error.message)
    }
  }
}
