internal import EventLoop

/// A call that is being run, side by side with others. Loop-bound.
final class PictureJob {
  let call: ToolCall
  /// Nil where the arguments make no sense.
  let order: PictureOrder?
  /// Who will most likely carry it out.
  let forecast: PictureForecast?
  private(set) var isDone = false
  private let done = LoopEvent<PictureResult>()
  private var task: Task<Void, Never>?
  private let started: UInt64
  private let loop: EventLoop

  /// - Parameters:
  ///   - conversation: as far as it has come.
  ///   - left: pictures that the request may still have.
  ///   - confirms: whether the user is asked first.
  ///   - forecasts: whether anybody wants to know who will carry it out.
  init(
    _ call: ToolCall, of conversation: Conversation, _ maker: any PictureMaker,
    _ loop: EventLoop, _ observer: any ToolObserver, left: inout Int, confirms: Bool,
    forecasts: Bool = false
  ) {
    let tool = ImageTool(rawValue: call.name) ?? .generate
    self.call = call
    self.loop = loop
    started = loop.now
    do throws(InvalidArguments) {
      let order = try PictureOrder(call, conversation.pictures, conversation.limits)
      self.order = order
      forecast = forecasts ? maker.forecast(order) : nil
      guard order.count <= left else {
        observer.toolCall(tool, .failed)
        done.fire(.failed(reason: Self.overBudget(left), isRefusal: false))
        return
      }
      left -= order.count
      task = loop.spawn { [done] in
        let result = await order.carryOut(maker, confirms: confirms)
        observer.toolCall(tool, result.word)
        done.fire(result)
      }
    } catch {
      observer.toolCall(tool, .failed)
      order = nil
      forecast = nil
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
  func result() async -> PictureResult {
    let result = await done.wait()
    isDone = true
    return result
  }

  func cancel() { task?.cancel() }
}
