internal import HTTP

/// How a job is cancelled at its provider, and what the answer says. Loop-bound.
final class JobCancellation {
  /// Whether the gateway has cancelled it.
  private(set) var isSent = false
  /// What an answer says of the job.
  let outcome: (ClientAnswer) -> Outcome
  private let request: ClientRequest

  init(_ request: ClientRequest, outcome: @escaping (ClientAnswer) -> Outcome) {
    self.request = request
    self.outcome = outcome
  }

  /// Cancels it.
  /// - Parameter limit: what that may take.
  /// - Returns: the answer; nil where there is none.
  func send(_ client: HTTPClient, within limit: Duration) async -> ClientAnswer? {
    isSent = true
    var request = request
    request.timeouts.total = limit
    return try? await client.send(request, bodyLimit: 1 << 20)
  }

  /// What has become of a job.
  enum Outcome: Sendable {
    /// It has ended, or nothing is known of it.
    case stopped
    /// It was asked to stop, and may do as it likes: what it makes all the same is paid for.
    case asked
    /// It was done before: it is paid for, and its pictures are there.
    case done
  }
}
