internal import Chat

extension RetryPolicy {
  init(_ configuration: RetryConfiguration) {
    self.init()
    attempts = configuration.attempts
    budget = configuration.budget
    floor = configuration.floor
    longestWait = configuration.maxWait
    deadline = configuration.deadline
  }
}

extension UpstreamDirectory.Alias {
  init(_ configuration: AliasConfiguration) {
    self.init(configuration.targets.map { Entry($0.name, weight: $0.weight) })
  }
}
