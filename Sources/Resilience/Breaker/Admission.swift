/// Whether a breaker lets a call pass.
package enum Admission: Sendable, Hashable {
  /// The call may be made; its permit goes with its outcome.
  case allowed(CallPermit)
  /// Only a trial may be made, by the one who takes it.
  case trialAvailable
  /// No call: why, and until when in milliseconds; nil: until an operator says otherwise.
  case refused(Refusal, until: Int64?)

  /// Why no call may be made; the raw values are for logs, metrics and error messages.
  package enum Refusal: String, Sendable, Hashable {
    /// The provider failed too often.
    case open
    /// Another call is trying whether the provider works again.
    case trialRunning = "trial_running"
    /// The provider asked to be left alone.
    case coolingDown = "cooling_down"
    /// The provider has refused a call for being one too many, and has not said for how long.
    case resting
    /// The provider rejected the key.
    case badKey = "bad_key"
    /// The account is out of credit.
    case noCredit = "no_credit"
    /// An operator opened the breaker.
    case forcedOpen = "forced_open"
  }
}

/// Under which state of the breaker a call began, so that its outcome counts for that state only.
package enum CallPermit: Sendable, Hashable {
  /// An ordinary call.
  case call(Epoch)
  /// A trial.
  case trial(TrialToken)
  /// A call that is made though the breaker is open, since nobody else is left: it decides nothing.
  case lastResort(Epoch, number: Int)
}

/// A breaker's state has a number, raised by each change; a reset begins a new generation.
package struct Epoch: Sendable, Hashable {
  /// The resets' number.
  package let generation: Int64
  /// The state's number within the generation.
  package let number: Int64
}

/// The right to make the one call that decides whether an open breaker closes.
package struct TrialToken: Sendable, Hashable {
  /// Who took it, 1 to 128 bytes, different for each process (and each start of it).
  package let owner: String
  /// The state that began with the trial.
  package let epoch: Epoch
  /// When the right ends, in milliseconds; from then on another one may be taken, after which a result of
  /// this one decides nothing.
  package let leaseUntil: Int64

  /// The permit to record the trial's outcome with.
  package var permit: CallPermit { .trial(self) }
}
