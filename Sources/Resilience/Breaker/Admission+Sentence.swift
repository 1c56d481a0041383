extension Admission.Refusal {
  /// The refusal in words, such as `circuit breaker open, next trial in 42 s`.
  package func sentence(wait: Duration?) -> String {
    let seconds = wait.map { max(1, Int(($0 / .seconds(1)).rounded(.up))) }
    let time = seconds.map { ", for \($0) s more" } ?? ""
    return switch self {
    case .open: "circuit breaker open" + (seconds.map { ", next trial in \($0) s" } ?? "")
    case .trialRunning: "circuit breaker half-open, a trial is under way"
    case .coolingDown: "it asked for a pause" + time
    case .resting: "it has just refused a call for being one too many"
    case .badKey: "its key was rejected" + time
    case .noCredit: "its account is out of credit" + time
    case .forcedOpen: "turned off by an operator"
    }
  }

  /// Whether a call might succeed nevertheless: it is not known to be in vain, nobody has forbidden
  /// it, and the provider has not asked to be left alone.
  package var isDoubtful: Bool { [.open, .trialRunning, .resting].contains(self) }
}
