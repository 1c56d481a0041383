extension ImageRoute {
  /// Why nobody of the excluded is asked, what matters most first: those that would draw if they were
  /// up, each by its name; then those that do not fit; then the providers that the operator has not
  /// set up, each once, however many models it has.
  var reasons: [String] {
    let unavailable = excluded.filter(\.isUnavailable)
    let unfit = excluded.filter { !$0.isUnavailable && !$0.isProviders }
    return Self.list(unavailable.map(\.sentence), most: 100)
      + Self.list(unfit.map(\.sentence), most: 20)
      + Self.list(excluded.filter(\.isProviders).map(\.providerSentence), most: 40)
  }

  /// Without repetitions, and with the number of those that are left out.
  private static func list(_ sentences: [String], most: Int) -> [String] {
    var seen: Set<String> = []
    let distinct = sentences.filter { seen.insert($0).inserted }
    guard distinct.count > most else { return distinct }
    return distinct.prefix(most) + ["and \(distinct.count - most) more"]
  }
}

extension ImageRoute.Exclusion {
  /// Whether it is not the model's, but its provider's.
  fileprivate var isProviders: Bool { reason == "no_key" || reason == "disabled" }
  fileprivate var sentence: String { "\(model.name): \(detail)" }
  fileprivate var providerSentence: String { "\(model.provider): \(detail)" }
}
