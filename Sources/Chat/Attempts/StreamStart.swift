internal import OpenAIWire

/// Holds the beginning of a stream back until it says something, so that an error which comes first
/// can still be another upstream's answer.
///
/// What is held: comments, the role alone, chunks without choices or with empty deltas, and the
/// events of the Responses API that tell of a beginning. Bounded in bytes, events and time.
package struct StreamStart: Sendable {
  /// An upstream that keeps a connection alive for longer than this is at work: its client sees it.
  static let patience = Duration.seconds(5)

  /// Nil once the beginning is over: a stream may last for long, and needs none of this then.
  private var holding: Holding? = Holding()

  /// Why a stream has no beginning that could be passed on.
  package enum Failure: Error, Sendable {
    /// It began with an error: an object with a member `error`, as OpenAI's errors are.
    case error([UInt8])
    /// It ended before it said anything.
    case ended
  }

  /// The beginning of a stream.
  package init() {}

  /// Takes what has come.
  /// - Parameter elapsed: since the answer began; asked for while something is held only.
  /// - Returns: what is to be passed on: all that was held, once the stream says something; nil
  ///   until then.
  /// - Throws: ``Failure``.
  package mutating func take(
    _ bytes: [UInt8], elapsed: @autoclosure () -> Duration = .zero
  ) throws(Failure) -> [UInt8]? {
    guard var current = holding else { return bytes }
    // Taken out, so that what follows changes it in place.
    holding = nil
    current.held += bytes
    let says = try current.says(something: bytes) { _ in true }
    if says || current.isFull || elapsed() > Self.patience { return current.held }
    holding = current
    return nil
  }

  /// Tells that the stream has ended.
  /// - Returns: what was held, where a last event without its blank line says something; nil where
  ///   all was passed on before.
  /// - Throws: ``Failure`` where the stream has said nothing.
  package mutating func end() throws(Failure) -> [UInt8]? {
    guard var current = holding else { return nil }
    holding = nil
    // Half of an event says nothing.
    guard try current.says(something: [0x0A, 0x0A], where: { $0.isDone || $0.isJSON }) else {
      throw .ended
    }
    return current.held
  }
}

/// What is held, and how far it has been looked at.
private struct Holding {
  private static let largest = 256 << 10
  private static let longest = 64

  var held: [UInt8] = []
  private var framer = SSEFramer(limit: largest * 2)
  private var events = 0
  private var isMalformed = false

  /// Whether no more is to be held. What is malformed is for whoever reads the stream next to tell.
  var isFull: Bool { isMalformed || events >= Self.longest || held.count > Self.largest }

  /// Looks on.
  /// - Parameter counts: whether an event that seems to say something does.
  /// - Returns: whether the stream has said something.
  mutating func says(
    something bytes: [UInt8], where counts: (SSEFrame) -> Bool
  ) throws(StreamStart.Failure) -> Bool {
    framer.push(bytes)
    while let frame = nextFrame() {
      events += 1
      guard let data = frame.data else { continue }
      switch StreamEvent(Array(data)) {
      case .beginning: continue
      case .error(let error): throw .error(error)
      case .saying: if counts(frame) { return true }
      }
    }
    return false
  }

  private mutating func nextFrame() -> SSEFrame? {
    do throws(SSEError) { return try framer.nextFrame() } catch {
      isMalformed = true
      return nil
    }
  }
}

extension SSEFrame {
  fileprivate var isJSON: Bool {
    data.map { (try? JSONScanner.validate(Array($0))) != nil } ?? false
  }
}
