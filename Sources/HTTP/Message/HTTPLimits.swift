/// Bounds on what a message may make its reader hold, in bytes unless said.
package struct HTTPLimits: Sendable, Hashable {
  /// The first line.
  package var startLine = 8 * 1024
  /// All fields together.
  package var headerBytes = 32 * 1024
  /// The number of fields.
  package var headerCount = 100
  /// The body, decoded.
  package var body = 64 << 20
  /// All trailer fields together.
  package var trailerBytes = 8 * 1024
  /// The line that begins a chunk, extensions included.
  package var chunkLine = 1024

  /// The bounds for requests that each property names.
  package init() {}

  /// For the heads of answers, which real servers fill with more; bodies are bounded by their
  /// readers.
  package static var response: HTTPLimits {
    var limits = HTTPLimits()
    limits.headerBytes = 64 * 1024
    limits.headerCount = 200
    limits.body = .max
    return limits
  }

  static var unbounded: HTTPLimits { .response }
}
