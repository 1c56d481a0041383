extension BreakerSnapshot {
  /// The fields of a hash (such as Redis's) that holds the snapshot; always the same field names.
  package func encode() -> [String: String] {
    var fields = [
      "v": "1",
      "generation": String(generation),
      "number": String(core.number),
      "trips": String(core.trips),
      "trial_number": String(trial.number),
      "trial_settled": trial.settled ? "1" : "0",
      "trial_until": String(trial.until),
      "trial_owner": trial.owner,
      "cooling": cooling.text,
      "bad_keys_found": badKeys.text,
      "no_credit_found": noCredit.text,
      // For older versions of the gateway, which know nothing of when a pause was found out, or no
      // difference between keys.
      "cooling_until": String(coolingUntil),
      "bad_key_until": String(badKeys.last),
      "bad_keys": badKeys.ends,
      "no_credit_until": String(noCredit.last),
      "no_credit": noCredit.ends,
      "override": override.mode.rawValue,
      "override_number": String(override.number),
    ]
    switch core.phase {
    case .closed: (fields["state"], fields["until"], fields["owner"]) = ("closed", "0", "")
    case .open(let until):
      (fields["state"], fields["until"], fields["owner"]) = ("open", String(until), "")
    case .halfOpen(let owner, let leaseUntil):
      (fields["state"], fields["until"]) = ("half_open", String(leaseUntil))
      fields["owner"] = owner
    }
    return fields
  }

  /// Reads what ``encode()`` made. Nil if a field is missing or out of its bounds, or if a version
  /// of the gateway wrote it whose snapshots mean something else; other fields are left alone.
  package init?(fields: [String: String]) {
    guard fields["v"] == "1", let state = fields["state"],
      let generation = Self.number(fields["generation"]),
      let number = Self.number(fields["number"]), let until = Self.number(fields["until"]),
      let trips = Self.number(fields["trips"]), trips <= Int64(BreakerCore.maximumTrips),
      let trialNumber = Self.number(fields["trial_number"]),
      let trialUntil = Self.number(fields["trial_until"]),
      let settled = fields["trial_settled"], settled == "0" || settled == "1",
      let cooling = Self.pauses(fields["cooling"], last: fields["cooling_until"]),
      let badKeys = Self.pauses(
        fields["bad_keys_found"], fields["bad_keys"], last: fields["bad_key_until"]),
      let noCredit = Self.pauses(
        fields["no_credit_found"], fields["no_credit"], last: fields["no_credit_until"]),
      let mode = fields["override"].flatMap(OperatorOverride.Mode.init(rawValue:)),
      let overrideNumber = Self.number(fields["override_number"])
    else { return nil }
    switch state {
    case "closed": core.phase = .closed
    case "open": core.phase = .open(until: until)
    case "half_open":
      guard let owner = fields["owner"], TrialToken.isOwner(owner) else { return nil }
      core.phase = .halfOpen(owner: owner, leaseUntil: until)
    default: return nil
    }
    self.generation = generation
    core.number = number
    core.trips = Int(trips)
    // Older versions write none.
    let trialOwner = fields["trial_owner"] ?? ""
    guard trialOwner.isEmpty || TrialToken.isOwner(trialOwner) else { return nil }
    trial = TrialLease(
      number: trialNumber, settled: settled == "1", until: trialUntil, owner: trialOwner)
    self.cooling = cooling
    self.badKeys = badKeys
    self.noCredit = noCredit
    override = OperatorOverride(number: overrideNumber, mode: mode)
  }

  /// Far above every time in milliseconds, far below where adding to it could overflow.
  private static let largestNumber: Int64 = 1 << 60

  /// - Parameters:
  ///   - text: nil where an older version of the gateway has written it: then any reset ends it.
  ///   - ends: nil where a still older one has: then it holds for all keys.
  private static func pauses(
    _ text: String?, _ ends: String? = nil, last: String?
  ) -> KeyPauses? {
    guard let last = number(last) else { return nil }
    if let text { return KeyPauses(text) { number($0) } }
    if let ends { return KeyPauses(ends, hasFound: false) { number($0) } }
    return KeyPauses("", until: last)
  }

  private static func number(_ text: String?) -> Int64? {
    guard let text, text.utf8.count <= 19, let number = Int64(text) else { return nil }
    return (0...largestNumber).contains(number) ? number : nil
  }
}

extension BreakerCore {
  /// Beyond this the open time has long reached its cap.
  static let maximumTrips = 64
}

extension TrialToken {
  private static let longestOwner = 128

  static func isOwner(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= longestOwner
  }
}
