internal import OpenAIWire

/// Which members an object may have, and what each may hold: simulated providers refuse the rest.
struct SimulatedSchema: Sendable {
  enum Rule: Sendable {
    case text
    /// One of these strings.
    case word([String])
    case integer(ClosedRange<Int>)
    case number(ClosedRange<Double>)
    case flag
    /// A list of strings.
    case texts
    /// An object with these members.
    case object([String: Rule])
  }

  /// Why an object does not fit.
  struct Problem {
    enum Kind { case missing, unknown, wrong }
    var field: String
    var kind: Kind

    var text: String {
      switch kind {
      case .missing: "\(field) is required"
      case .unknown: "Additional property \(field) is not allowed"
      case .wrong: "\(field) does not have a valid value"
      }
    }
  }

  let members: [String: Rule]
  let required: [String]

  /// What is wrong with an object; nil where nothing is.
  func problem(in object: JSONSlice) -> Problem? {
    guard object.kind == .object else { return Problem(field: "body", kind: .wrong) }
    for name in required where object[name] == nil { return Problem(field: name, kind: .missing) }
    for (name, value) in object.members {
      guard let rule = members[name] else { return Problem(field: name, kind: .unknown) }
      if !Self.allows(rule, value) { return Problem(field: name, kind: .wrong) }
    }
    return nil
  }

  private static func allows(_ rule: Rule, _ value: JSONSlice) -> Bool {
    switch rule {
    case .text: value.string != nil
    case .word(let words): value.string.map { words.contains($0) } ?? false
    case .integer(let range): value.int.map { range.contains($0) } ?? false
    case .number(let range): value.double.map { range.contains($0) } ?? false
    case .flag: value.bool != nil
    case .texts: value.kind == .array && value.elements.allSatisfy { $0.string != nil }
    case .object(let members):
      SimulatedSchema(members: members, required: Array(members.keys)).problem(in: value) == nil
    }
  }
}
