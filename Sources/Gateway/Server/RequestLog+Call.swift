internal import Chat
internal import Observability

extension RequestLog {
  /// Notes who has answered in the end.
  func note(_ call: UpstreamCall) {
    upstream = call.current.upstream.name
    if call.attempts > 1 { attempts = call.attempts }
  }
}
