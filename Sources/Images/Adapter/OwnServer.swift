internal import EventLoop
internal import HTTP

/// What is common to image servers that people run themselves: no key, or one that a proxy in front
/// of them asks for.
struct OwnServer {
  let link: ProviderLink

  /// Basic authentication where the key has the form `user:password`, and else a bearer token
  /// (RFC 7617, RFC 6750).
  var headers: HeaderFields {
    var headers = HeaderFields()
    guard link.provider.apiKey != nil else { return headers }
    guard link.key.contains(":") else {
      headers.set("authorization", "Bearer \(link.key)", orDrop: ())
      return headers
    }
    var encoded: [UInt8] = []
    Base64.append(Array(link.key.utf8), to: &encoded)
    headers.set(
      "authorization", "Basic \(String(decoding: encoded, as: UTF8.self))", orDrop: ())
    return headers
  }

  /// Whether a failure leaves work behind at the server that nobody waits for.
  static func leavesWork(_ failure: ImageFailure) -> Bool {
    failure.kind == .cancelled || failure.isTransient && failure.mayHaveBeenPaid
  }

  /// Sends requests that stop such work, by a task of its own: the one that asks may be cancelled.
  /// - Parameter send: sends one request within ten seconds; nil where that fails.
  func stop(_ body: @escaping (_ send: (ClientRequest) async -> ClientAnswer?) async -> Void) {
    let client = link.client
    client.loop.spawn {
      await body { request in
        var request = request
        request.timeouts.total = .seconds(10)
        return try? await client.send(request, bodyLimit: 16 << 20)
      }
    }
  }

  /// A request with the server's authorization, and JSON where there is any.
  func request(_ method: HTTPMethod, _ path: String, json: [UInt8]? = nil) -> ClientRequest {
    var headers = headers
    if json != nil { headers.set("content-type", "application/json", orDrop: ()) }
    return ClientRequest(method, link.url(path), headers: headers, body: json ?? [])
  }

  /// The size of a picture where the request asks for none: the model's `size`, or its first.
  static func defaultSize(_ model: ImageModel) -> ImageSize? {
    if let size = model.options["size"].flatMap(ImageSize.init(_:)) { return size }
    if case .listed(let sizes) = model.sizes { return sizes.first }
    return nil
  }
}
