internal import HTTP

extension ProviderLink {
  /// The key as most providers want it (RFC 6750); nothing where there is none.
  var bearer: HeaderFields {
    var headers = HeaderFields()
    if provider.apiKey != nil { headers.set("authorization", "Bearer \(key)", orDrop: ()) }
    return headers
  }
}
