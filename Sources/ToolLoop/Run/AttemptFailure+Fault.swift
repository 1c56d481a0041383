internal import Chat

extension AttemptFailure {
  /// What a stream that could not go on says of its upstream.
  init(_ fault: StreamInterceptor.Fault) {
    switch fault {
    case .upstreamError(let data): self.init(inStream: data)
    case .malformed, .tooLarge: self.init(.broken)
    }
  }
}
