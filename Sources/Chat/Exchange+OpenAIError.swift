package import HTTP
package import OpenAIWire

extension Exchange {
  /// Answers with an OpenAI error object.
  package func respond(_ error: OpenAIError, _ fields: HeaderFields) {
    var headers = fields
    for (name, value) in error.responseHeaders() { headers.set(name, value, orDrop: ()) }
    respond(error.status, headers, error.body())
  }

  /// Answers with the error that an upstream has put into its stream, by the status that it means.
  /// - Parameter data: an object with a member `error`.
  package func respond(upstreamError data: [UInt8], _ fields: HeaderFields) {
    var headers = fields
    headers.set("content-type", "application/json", orDrop: ())
    let status =
      if case .status(let status) = AttemptFailure(inStream: data).kind { status } else { 502 }
    respond(status, headers, data)
  }
}
