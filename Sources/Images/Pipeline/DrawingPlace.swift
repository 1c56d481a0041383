/// A place among the requests that are drawn, and the memory that its pictures may take. Whoever has
/// the pictures has it, and it is given back with the last of them: a client that takes its answer
/// slowly keeps its place until then, or until `limits.write_timeout` ends it.
package final class DrawingPlace: Sendable {
  private let giveBack: @Sendable () -> Void

  init(_ giveBack: @escaping @Sendable () -> Void) { self.giveBack = giveBack }

  deinit { giveBack() }
}
