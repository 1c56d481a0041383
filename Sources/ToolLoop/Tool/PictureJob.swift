internal import EventLoop

/// A call that is being run, side by side with others. Loop-bound.
final class PictureJob {
  let call: ToolCall
  let arguments: ImageArguments?
  private let done = LoopEvent<PictureResult>()
  private var task: Task<Void, Never>?
  private let started: UInt64
  private let loop: EventLoop

  /// - Parameters:
  ///   - left: pictures that the request may still have.
  ///   - confirms: whether the user is asked first.
  init(
    _ call: ToolCall, _ maker: any PictureMaker, _ loop: EventLoop, left: inout Int, confirms: Bool
  ) {
    self.call = call
    self.loop = loop
    started = loop.now
    do throws(ImageArguments.Invalid) {
      let arguments = try ImageArguments(call.arguments)
      self.arguments = arguments
      guard arguments.count <= left else {
        done.fire(.failed(reason: Self.overBudget(left), isRefusal: false))
        return
      }
      left -= arguments.count
      task = loop.spawn { [done] in
        let result =
          if confirms { await maker.propose(arguments) } else { await maker.draw(arguments) }
        done.fire(result)
      }
    } catch {
      arguments = nil
      done.fire(.failed(reason: error.message, isRefusal: false))
    }
  }

  private static func overBudget(_ left: Int) -> String {
    left > 0
      ? "Only \(left) more pictures may be drawn for this message. Ask for fewer."
      : "No more pictures may be drawn for this message."
  }

  var elapsedMilliseconds: Int { Int(loop.now - started) }

  /// The result; to be awaited once.
  func result() async -> PictureResult { await done.wait() }

  func cancel() { task?.cancel() }
}
