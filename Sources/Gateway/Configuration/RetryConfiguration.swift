/// What happens after a chat upstream has failed, before anything of its answer went to the client.
package struct RetryConfiguration: Sendable, Hashable {
  /// Attempts in all, over all upstreams; default 3, 1 to 10.
  package var attempts = 3
  /// The share of an upstream's requests that may be repeated at it; default 20 %.
  package var budget = 0.2
  /// Repetitions a second at an upstream that need no budget; default 3, 0 to 1000.
  package var floor = 3
  /// The longest wait before a repetition; default 5 s, 0 to 2 min.
  package var maxWait = Duration.seconds(5)
  /// From the request, or the beginning of a tool loop's round, to the last moment at which an answer
  /// may begin; default 10 min, 1 s to 1 h.
  package var deadline = Duration.seconds(600)

  /// The defaults.
  package init() {}
}

extension RetryConfiguration {
  mutating func read(_ settings: inout SettingsReader) {
    settings.read("attempts", &attempts, in: 1...10)
    let share = settings.value("budget") { (text) throws(SettingProblem) in
      try SettingRule.share(text, in: 0...1)
    }
    if let share { budget = share }
    settings.read("floor", &floor, in: 0...1000)
    settings.read("max_wait", &maxWait, in: .zero ... .seconds(120))
    settings.read("deadline", &deadline, in: .seconds(1) ... .seconds(3600))
  }
}
