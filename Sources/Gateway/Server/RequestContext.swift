internal import Chat
internal import EventLoop
internal import HTTP
internal import Observability
internal import OpenAIWire

/// One request on its way through the gateway. Loop-bound.
final class RequestContext {
  let exchange: Exchange
  let shared: SharedServices
  let services: LoopServices
  var log: RequestLog
  /// Whether the client reads Server-Sent Events.
  var isEventStream = false
  private let started = EventLoop.nanoseconds

  init(_ exchange: Exchange, _ shared: SharedServices, _ services: LoopServices) {
    self.exchange = exchange
    self.shared = shared
    self.services = services
    let id = RequestID.accept(exchange.head.headers["x-request-id"]) ?? services.requestIDs.next()
    log = RequestLog(id: id, route: "unknown", method: exchange.head.method.name)
    exchange.whenStarted = { [unowned self] in log.firstByte = elapsed }
  }

  var id: String { log.id }

  private var elapsed: Duration { .nanoseconds(EventLoop.nanoseconds - started) }

  /// Whose request it is: what is kept for one client is not given to another.
  var scope: String { exchange.head.headers["authorization"] ?? "" }

  /// The fields of every answer.
  var fields: HeaderFields {
    var fields = HeaderFields()
    fields.append("x-request-id", log.id, orDrop: ())
    return fields
  }

  /// The URL at which a client finds a stored picture.
  func pictureURL(_ id: String) -> String {
    let configuration = shared.configuration
    let scheme = configuration.tls == nil ? "http" : "https"
    let base =
      configuration.publicURL
      ?? "\(scheme)://\(exchange.head.headers["host"] ?? "\(configuration.listen)")"
    return "\(base)/v1/images/\(id)"
  }

  /// The request's whole body.
  /// - Throws: `OpenAIError` for a body that is malformed, too long or too slow.
  func body() async throws(OpenAIError) -> [UInt8] {
    do throws(HTTPServerError) {
      return try await exchange.body()
    } catch {
      switch error {
      case .clientLeft: throw .invalidRequest("The client left.")
      case .bodyTimedOut:
        throw OpenAIError(
          status: 408, message: "The request's body did not arrive in time.",
          type: "invalid_request_error")
      case .malformed(let error) where error.status == 413: throw .payloadTooLarge(error.message)
      case .malformed(let error):
        throw OpenAIError(
          status: error.status, message: error.message, type: "invalid_request_error")
      }
    }
  }

  /// What is wrong with a body that nobody asks for, where it is short and has been sent.
  func malformedBody() async -> OpenAIError? {
    guard !exchange.head.expectsContinue else { return nil }
    do throws(HTTPServerError) {
      _ = try await exchange.body(limit: 64 << 10)
    } catch {
      if case .malformed(let error) = error, error.status == 400 {
        return .invalidRequest(error.message)
      }
    }
    return nil
  }

  /// Answers with an error object.
  func fail(_ error: OpenAIError) {
    exchange.respond(error, fields)
    log.outcome = error.status >= 500 ? .gatewayError : .refused
  }

  /// Answers with an error object, or not at all where nobody is left to read it.
  func failUnlessGone(_ error: OpenAIError) {
    if exchange.isClientGone {
      log.outcome = .clientLeft
      exchange.cut()
    } else {
      fail(error)
    }
  }

  /// Begins a stream of events. Should the gateway stop before its end, the client is told.
  func startEvents(_ status: Int, _ fields: HeaderFields) {
    isEventStream = true
    exchange.startEvents(status, fields)
  }

  /// Answers with JSON.
  func respond(_ status: Int = 200, json: [UInt8], extra: HeaderFields = HeaderFields()) {
    var headers = fields
    headers.append(contentsOf: .json)
    headers.append(contentsOf: extra)
    exchange.respond(status, headers, json)
  }

  /// Answers with JSON that may be long: no faster than the client takes it, so that what waits is
  /// not copied.
  func respond(largeJSON json: [UInt8], extra: HeaderFields) async {
    guard json.count > Exchange.pieceSize else { return respond(json: json, extra: extra) }
    var headers = fields
    headers.append(contentsOf: .json)
    headers.append(contentsOf: extra)
    exchange.start(200, headers, length: json.count)
    do throws(HTTPServerError) { try await exchange.write(inPieces: json) } catch { return }
    exchange.finish()
  }

  /// The log line, once the request is over.
  func finish() -> RequestLog {
    log.status = exchange.status
    log.bytesIn = exchange.bytesReceived
    log.bytesOut = exchange.bytesSent
    log.total = elapsed
    log.client = exchange.remoteAddress
    if exchange.isClientGone && exchange.status == 0 { log.outcome = .clientLeft }
    if exchange.wasStopped { log.outcome = .stopped }
    // What an upstream refuses is passed on as it is, and is no success for that.
    if log.outcome == .ok, log.upstream != nil, exchange.status >= 400 {
      log.outcome = exchange.status >= 500 ? .upstreamError : .refused
    }
    return log
  }
}
