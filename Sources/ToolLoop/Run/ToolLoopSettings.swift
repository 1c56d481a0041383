/// Bounds of a tool loop.
package struct ToolLoopSettings: Sendable {
  /// Calls of the chat model for one answer, 1 to 50; the last is without the tool. Default 5.
  package var maxIterations = 5
  /// Pictures of one request.
  package var maxImages = 4
  /// The longest silence while pictures are made.
  package var keepAlive = Duration.seconds(10)
  /// Between two progress events of one picture.
  package var progress = Duration.seconds(2)
  /// Bounds on what is held of a stream.
  package var stream = StreamInterceptor.Limits()
  /// Bytes of an upstream's whole answer.
  package var answer = 64 << 20

  /// The defaults that each property names.
  package init() {}
}
