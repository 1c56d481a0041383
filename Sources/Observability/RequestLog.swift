/// What the access log says about one request: how it went, never what was in it.
///
/// A class, so that handing it on copies nothing.
package final class RequestLog {
  /// The request's id, as in the answer's `x-request-id`.
  package var id: String
  /// The route's pattern, such as `/v1/chat/completions` (not the path: paths hold ids).
  package var route: String
  /// The HTTP method.
  package var method: String
  /// The model that the client asked for.
  package var model: String?
  /// The status that was sent; 0 if the client left before there was one.
  package var status: Int
  /// Bytes of the request's body.
  package var bytesIn: Int
  /// Bytes of the answer's body.
  package var bytesOut: Int
  /// From the request's head to the answer's first byte.
  package var firstByte: Duration?
  /// From the request's head to the answer's end.
  package var total: Duration
  /// The client's address, without its port.
  package var client: String?
  /// The name of the upstream that answered.
  package var upstream: String?
  /// Attempts at upstreams, where there was more than one.
  package var attempts: Int?
  /// Calls of the chat model that the answer took, where it was offered tools of the gateway.
  package var rounds: Int?
  /// How it ended.
  package var outcome: Outcome
  /// What failed behind the answer, for the operator; holds no secret.
  package var problem: String?

  /// How a request ended.
  package struct Outcome: Sendable, Hashable, ExpressibleByStringLiteral {
    /// The word in the log.
    package let name: String
    /// An outcome with a name of its own, snake_case.
    package init(stringLiteral name: String) { self.name = name }

    /// The answer was sent in full.
    package static let ok: Outcome = "ok"
    /// The request was refused, by Easel itself or by the upstream.
    package static let refused: Outcome = "refused"
    /// The client left before the end.
    package static let clientLeft: Outcome = "client_left"
    /// The upstream could not be reached, failed, or broke off.
    package static let upstreamError: Outcome = "upstream_error"
    /// The gateway was stopped before the end.
    package static let stopped: Outcome = "stopped"
    /// A time limit passed.
    package static let timeout: Outcome = "timeout"
    /// Easel itself failed.
    package static let gatewayError: Outcome = "gateway_error"
  }

  /// A request that ended well; the rest is set as it becomes known.
  package init(
    id: String, route: String, method: String, model: String? = nil, status: Int = 0,
    bytesIn: Int = 0, bytesOut: Int = 0, firstByte: Duration? = nil, total: Duration = .zero,
    client: String? = nil, upstream: String? = nil, outcome: Outcome = .ok
  ) {
    self.id = id
    self.route = route
    self.method = method
    self.model = model
    self.status = status
    self.bytesIn = bytesIn
    self.bytesOut = bytesOut
    self.firstByte = firstByte
    self.total = total
    self.client = client
    self.upstream = upstream
    self.outcome = outcome
  }

  func write(to line: inout LogLine) {
    line.field(Key.id, plain: id)
    line.field(Key.method, plain: method)
    line.field(Key.route, plain: route)
    line.field(Key.status, status)
    line.field(Key.outcome, plain: outcome.name)
    line.field(Key.model, model)
    line.field(Key.upstream, upstream)
    line.field(Key.attempts, attempts)
    line.field(Key.rounds, rounds)
    line.field(Key.bytesIn, bytesIn)
    line.field(Key.bytesOut, bytesOut)
    line.field(Key.firstByte, firstByte)
    line.field(Key.total, total)
    line.field(Key.client, client)
    line.field(Key.problem, problem)
  }

  private enum Key {
    static let id = LogKey("request_id")
    static let method = LogKey("method")
    static let route = LogKey("route")
    static let status = LogKey("status")
    static let outcome = LogKey("outcome")
    static let model = LogKey("model")
    static let upstream = LogKey("upstream")
    static let attempts = LogKey("attempts")
    static let rounds = LogKey("rounds")
    static let bytesIn = LogKey("bytes_in")
    static let bytesOut = LogKey("bytes_out")
    static let firstByte = LogKey("first_byte_ms")
    static let total = LogKey("total_ms")
    static let client = LogKey("client")
    static let problem = LogKey("problem")
  }
}
