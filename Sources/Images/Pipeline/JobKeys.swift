/// Idempotency keys for the jobs of one request. A provider that gets a key again answers with what
/// it made under it before, whatever the new body says, or refuses it: so a key is drawn by lot here,
/// and is no word of the client's, who may send the same one with every request.
struct JobKeys {
  /// Of one model that is asked, for all calls that it takes.
  struct Try: Sendable {
    fileprivate let text: String

    /// The key of one call. A call that is sent again is sent with the same one.
    func key(ofCall number: Int) -> String { "\(text)-\(number)" }
  }

  private let request = UnguessableID.make("job_")
  private var tries = 0

  /// The next model's. Its number stands for the model, whose id need not be fit for a header.
  mutating func next() -> Try {
    defer { tries += 1 }
    return Try(text: "\(request)-\(tries)")
  }
}
