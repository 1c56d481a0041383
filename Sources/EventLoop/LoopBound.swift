/// A reference to something that belongs to a loop, which may be carried anywhere and opened there
/// alone.
///
/// `@unchecked Sendable`: `value` stops the process on any thread but the loop's.
package struct LoopBound<Value>: @unchecked Sendable {
  /// Where the value may be used.
  package let loop: EventLoop
  private let wrapped: Value

  /// Binds `value` to a loop.
  package init(_ value: Value, on loop: EventLoop) {
    self.loop = loop
    wrapped = value
  }

  /// The value. The caller runs on `loop`.
  package var value: Value {
    loop.preconditionOnLoop()
    return wrapped
  }
}
