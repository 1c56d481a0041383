internal import EventLoop
internal import HTTP

/// Sends signed requests to a bucket. Loop-bound.
struct S3Connection {
  let bucket: S3Bucket
  let client: HTTPClient
  let clock: @Sendable () -> Int

  /// A request that may be sent twice without harm.
  struct Request {
    var method: HTTPMethod
    var key: String?
    var query: [(name: String, value: String)] = []
    var headers = HeaderFields()
    var body: [UInt8] = []
    /// Of the body, where it is known already.
    var payloadHash: String?
    /// Bytes of the answer's body.
    var limit = 64 << 10
  }

  /// Sends a request, and once more after a passing failure.
  /// - Returns: the answer, with any status.
  /// - Throws: `StoreError`, where there is none.
  func send(_ request: Request) async throws(StoreError) -> ClientAnswer {
    let url = bucket.url(request.key, query: request.query)
    let hash = request.payloadHash ?? Digest.hex(Digest.sha256(request.body))
    var isRepeated = false
    while true {
      var signed = ClientRequest(
        request.method, url,
        headers: bucket.signer.signed(
          request.method, url, headers: request.headers, payloadHash: hash, at: clock()),
        body: request.body)
      signed.timeouts.firstByte = .seconds(30)
      signed.timeouts.idle = .seconds(30)
      signed.timeouts.total = .seconds(120)
      do throws(HTTPClientError) {
        let answer = try await client.send(signed, bodyLimit: max(request.limit, 64 << 10))
        let isPassing = answer.head.status >= 500 || answer.head.status == 429
        if !isPassing || isRepeated { return answer }
      } catch {
        let isPassing = error.kind == .reset || error.kind == .connect
        if !isPassing || isRepeated { throw failure(error) }
      }
      isRepeated = true
      try await pause()
    }
  }

  /// Spreads what many requests would otherwise repeat at one time.
  private func pause() async throws(StoreError) {
    do { try await client.loop.sleep(for: .milliseconds(.random(in: 100...300))) } catch {
      throw StoreError(.cancelled, "the request was cancelled")
    }
  }

  private func failure(_ error: HTTPClientError) -> StoreError {
    switch error.kind {
    case .cancelled: StoreError(.cancelled, "the request was cancelled")
    case .tooLarge, .malformed:
      StoreError(.malformed, "the bucket '\(bucket.name)' gave an unfit answer: \(error)")
    case .resolve, .connect, .tls, .timeout, .reset, .forbiddenAddress, .poolExhausted:
      StoreError(.unavailable, "the bucket '\(bucket.name)' cannot be reached: \(error)")
    }
  }
}
