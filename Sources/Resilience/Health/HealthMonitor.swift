internal import State
internal import Synchronization

/// Asks providers by themselves, now and then, whether they are there: opens the breakers of one
/// that is not, and closes those again when it is back. Breakers that calls have opened get to their
/// trial early.
package final class HealthMonitor: Sendable {
  /// How often is asked, and what follows from it.
  package struct Settings: Sendable, Hashable {
    /// The usual time between two checks of one provider; each is up to a fifth more or less.
    package var interval: Duration
    /// How long a check may take.
    package var timeout: Duration
    /// Good checks in a row after which breakers close that checks have opened, and others let a trial
    /// pass.
    package var rise: Int
    /// Failed checks in a row after which closed breakers open; also those whose key was rejected,
    /// after which they pause.
    package var fall: Int

    /// All of them.
    package init(interval: Duration, timeout: Duration, rise: Int, fall: Int) {
      self.interval = interval
      self.timeout = timeout
      self.rise = rise
      self.fall = fall
    }
  }

  /// A provider that is asked.
  package struct Target: Sendable {
    package let kind: BreakerKey.Kind
    package let provider: String
    /// Asks it, at no cost.
    package let check: @Sendable () async -> CheckResult

    /// A provider, and how it is asked.
    package init(
      _ kind: BreakerKey.Kind, provider: String, check: @escaping @Sendable () async -> CheckResult
    ) {
      self.kind = kind
      self.provider = provider
      self.check = check
    }
  }

  private struct Key: Hashable {
    let kind: BreakerKey.Kind
    let provider: String
  }

  private let board: BreakerBoard
  private let settings: Settings
  private let targets: [Target]
  private let reports = Mutex([Key: CheckReport]())
  private let tasks = Mutex([Task<Void, Never>]())

  /// A monitor that does nothing until it is started.
  package init(_ board: BreakerBoard, _ settings: Settings, _ targets: [Target]) {
    self.board = board
    self.settings = settings
    self.targets = targets
  }

  /// Begins to ask, each provider at times of its own.
  package func start() {
    let started = targets.map { target in
      Task { [self] in
        var wait = settings.interval * Double.random(in: 0...1)
        while (try? await Task.sleep(for: wait)) != nil {
          await check(target)
          wait = settings.interval * Double.random(in: 0.8...1.2)
        }
      }
    }
    tasks.withLock { $0 += started }
  }

  /// Ends it; checks under way are cancelled.
  package func stop() {
    let tasks = tasks.withLock { tasks in
      defer { tasks = [] }
      return tasks
    }
    for task in tasks { task.cancel() }
  }

  /// How the checks of a provider went; nil where it was not asked yet.
  package func report(_ kind: BreakerKey.Kind, provider: String) -> CheckReport? {
    reports.withLock { $0[Key(kind: kind, provider: provider)] }
  }

  /// Asks one provider, and does what follows.
  func check(_ target: Target) async {
    let breakers = board.all.filter { breaker in
      breaker.key.kind == target.kind && breaker.key.provider == target.provider
    }
    // What changes while the answer is awaited is newer than the answer.
    let epochs = breakers.map(\.epoch)
    let began = board.clock.now
    let result = await limited(target.check)
    guard !Task.isCancelled else { return }
    let key = Key(kind: target.kind, provider: target.provider)
    let report = reports.withLock { reports in
      var report = reports[key] ?? CheckReport()
      report.add(
        result, began: began, at: board.clock.now, keeping: max(settings.rise, settings.fall))
      reports[key] = report
      return report
    }
    switch result {
    // What was found before a breaker changed says nothing against the change.
    case .up where report.streak >= settings.rise:
      board.noteChecks(target.kind, provider: target.provider, isAway: false)
      for (breaker, epoch) in zip(breakers, epochs)
      where report.hasBegun(settings.rise, since: breaker.report.openedAt) {
        breaker.heal(afterChecksUnder: epoch)
      }
    case .down where report.streak >= settings.fall:
      board.noteChecks(target.kind, provider: target.provider, isAway: true)
      for breaker in breakers where report.hasBegun(settings.fall, since: breaker.report.since) {
        breaker.openAfterChecks()
      }
    case .badKey(let reason) where report.rejections >= settings.fall:
      // As long as the next checks need, that may find the key to be good again.
      let pause = CallOutcome.keyRejectedByCheck(
        forMs: (settings.interval * 3 + settings.timeout).milliseconds)
      for breaker in breakers {
        breaker.record(pause, of: breaker.permit(ofOneBegunAt: began), reason: reason)
      }
    case .up, .down, .badKey: break
    }
  }

  /// The answer of a check, or that it took too long.
  private func limited(_ check: @escaping @Sendable () async -> CheckResult) async -> CheckResult {
    await FirstAnswer.of(within: settings.timeout, check) ?? .down("timed_out")
  }
}

/// What a provider said when it was asked whether it is there.
package enum CheckResult: Sendable, Hashable {
  /// It is.
  case up
  /// It is not, or does not work: the class of the failure.
  case down(String)
  /// It is, and does not take the key.
  case badKey(String)

  /// The class of the failure, if it is one.
  package var failure: String? {
    switch self {
    case .up: nil
    case .down(let reason), .badKey(let reason): reason
    }
  }
}

/// How the checks of a provider went.
package struct CheckReport: Sendable, Hashable {
  /// The last answer.
  package private(set) var last = CheckResult.up
  /// When it came, in milliseconds of the shared clock.
  package private(set) var at: Int64 = 0
  /// How many in a row were like it, as far as up and not up go.
  package private(set) var streak = 0

  /// How many in a row have said that the key is rejected.
  private(set) var rejections = 0

  /// When the last of the streak began.
  private var begun: [Int64] = []

  /// - Parameter count: of how many it is kept when they began.
  mutating func add(_ result: CheckResult, began: Int64, at time: Int64, keeping count: Int) {
    let isSame = streak > 0 && (last.failure == nil) == (result.failure == nil)
    streak = isSame ? streak + 1 : 1
    begun = Array((isSame ? begun : []).suffix(count - 1)) + [began]
    if case .badKey = result { rejections += 1 } else { rejections = 0 }
    last = result
    at = time
  }

  /// Whether the last `count` of the streak have all begun at or after a time.
  func hasBegun(_ count: Int, since time: Int64?) -> Bool {
    guard begun.count >= count else { return false }
    return time.map { begun[begun.count - count] >= $0 } ?? true
  }
}
