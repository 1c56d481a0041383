package import HTTP
package import OpenAIWire

extension Exchange {
  /// Answers with an OpenAI error object.
  package func respond(_ error: OpenAIError, _ fields: HeaderFields) {
    var headers = fields
    for (name, value) in error.responseHeaders() { headers.set(name, value, orDrop: ()) }
    respond(error.status, headers, error.body())
  }
}
