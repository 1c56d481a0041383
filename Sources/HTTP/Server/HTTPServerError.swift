/// Why a request could not be read or its answer not be written.
package enum HTTPServerError: Error, Sendable {
  /// The client has closed the connection, or its network has.
  case clientLeft
  /// The request is not HTTP/1.1, or past a bound; the status says which.
  case malformed(HTTPParseError)
  /// The client sends its body too slowly.
  case bodyTimedOut
}
