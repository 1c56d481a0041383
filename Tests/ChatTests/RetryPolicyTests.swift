import Resilience
import Testing

@testable import Chat
@testable import HTTP

@Suite("What comes after a failed attempt")
struct RetryPolicyTests {
  private func step(
    _ failure: AttemptFailure, attempts: Int = 1, hasOther: Bool = true,
    left: Duration = .seconds(60), _ policy: RetryPolicy = RetryPolicy()
  ) -> RetryPolicy.Step {
    var generator = SystemRandomNumberGenerator()
    return policy.step(
      after: failure,
      RetryPolicy.Standing(attempts: attempts, hasOther: hasOther, left: left), using: &generator)
  }

  private static func status(_ status: Int) -> AttemptFailure { AttemptFailure(.status(status)) }

  @Test(
    "what another may do better goes to another",
    arguments: [
      AttemptFailure(.timeout), AttemptFailure(.broken),
      AttemptFailure(.streamError), status(401), status(402), status(403), status(408),
      status(429), status(500), status(503), status(529),
    ])
  func next(_ failure: AttemptFailure) {
    #expect(step(failure) == .next)
    #expect(step(failure, attempts: 3) == .stop, "three attempts in all")
    #expect(step(failure, left: .zero) == .stop, "the deadline has passed")
  }

  @Test("that nobody has seen a request is no attempt while another one is left")
  func unsent() {
    for failure in [AttemptFailure(.connection), AttemptFailure(.notAsked)] {
      #expect(step(failure) == .next)
      #expect(step(failure, attempts: 3) == .next)
      #expect(step(failure, attempts: 3, hasOther: false) == .stop)
      #expect(step(failure, left: .zero) == .stop, "the deadline has passed")
    }
  }

  @Test(
    "that the gateway has no connection left is no failure of the upstream, and another one is asked",
    arguments: [HTTPClientError.Kind.poolExhausted, .forbiddenAddress])
  func notAsked(_ kind: HTTPClientError.Kind) {
    let failure = AttemptFailure(HTTPClientError(kind, mayHaveBeenSent: false, ""))
    #expect(failure.outcome(ownAccount: true) == .ignored)
    #expect(step(failure) == .next)
    #expect(step(failure, hasOther: false) == .stop, "it would wait in the same queue")
    let away = AttemptFailure(HTTPClientError(.connect, mayHaveBeenSent: false, ""))
    #expect(away.outcome(ownAccount: true) == .failure)
  }

  @Test("who says that a request is not to be repeated is believed")
  func toldNotTo() {
    var failures = [AttemptFailure(.broken), Self.status(408), Self.status(500), Self.status(529)]
    for index in failures.indices { failures[index].shouldRetry = false }
    for failure in failures {
      #expect(step(failure) == .stop, "\(failure)")
      #expect(step(failure, hasOther: false) == .stop, "\(failure)")
    }
  }

  @Test("that a key, an account or a limit stays as it is says nothing of another upstream's")
  func toldOfAccount() {
    for code in [401, 402, 403, 429] {
      var failure = Self.status(code)
      failure.shouldRetry = false
      #expect(step(failure) == .next, "\(code)")
      #expect(step(failure, hasOther: false) == .stop, "\(code)")
    }
  }

  @Test("a kept connection that broke is made up for at once, by an attempt like others")
  func keptConnection() {
    var failure = AttemptFailure(.broken)
    failure.isOfKeptConnection = true
    for hasOther in [true, false] {
      #expect(step(failure, hasOther: hasOther) == .again(after: .zero))
      #expect(step(failure, attempts: 3, hasOther: hasOther) == .stop)
    }
  }

  @Test("what the client got wrong stays with the client", arguments: [400, 404, 409, 413, 422])
  func stop(_ code: Int) {
    #expect(step(Self.status(code)) == .stop)
    #expect(step(Self.status(code), hasOther: false) == .stop)
  }

  @Test("the only one is asked again, unless it may still be working or its account is the matter")
  func again() {
    for failure in [AttemptFailure(.connection), AttemptFailure(.broken), Self.status(503)] {
      guard case .again(let wait) = step(failure, hasOther: false) else {
        Issue.record("\(failure) is not repeated")
        continue
      }
      #expect(wait <= .seconds(5))
    }
    for failure in [AttemptFailure(.timeout), Self.status(401), Self.status(402)] {
      #expect(step(failure, hasOther: false) == .stop)
    }
  }

  @Test("whoever asks for more patience than there is, or than is left, is not asked again")
  func patience() {
    var failure = Self.status(429)
    failure.retryAfter = .seconds(4)
    guard case .again(let wait) = step(failure, hasOther: false) else {
      Issue.record("not repeated")
      return
    }
    #expect(wait >= .seconds(4))
    #expect(step(failure, hasOther: false, left: .seconds(3)) == .stop)
    failure.retryAfter = .seconds(6)
    #expect(step(failure, hasOther: false) == .stop)
  }

  @Test(
    "an error within a stream means what its code or its type says",
    arguments: [
      (#"{"code":429}"#, AttemptFailure.Kind.status(429)),
      (#"{"code":"rate_limit_exceeded"}"#, .status(429)),
      (#"{"type":"invalid_request_error"}"#, .status(400)),
      (#"{"code":"context_length_exceeded","type":"server_error"}"#, .status(400)),
      (#"{"type":"overloaded_error"}"#, .status(529)), (#"{"status":503}"#, .status(503)),
      (#"{"code":"insufficient_quota"}"#, .status(429)), (#"{"code":7}"#, .streamError),
      (#"{"message":"no"}"#, .streamError), (#""no""#, .streamError),
    ])
  func inStream(_ error: String, _ kind: AttemptFailure.Kind) {
    let failure = AttemptFailure(inStream: Array(#"{"error":\#(error)}"#.utf8))
    #expect(failure.kind == kind)
    #expect(failure.isOutOfCredit == error.contains("insufficient_quota"))
  }
}
