internal import OpenAIWire

/// Holds the beginning of a stream back until it says something, so that an error which comes first
/// can still be another upstream's answer.
///
/// What is held: comments, the role alone, chunks without choices or with empty deltas, and the
/// events of the Responses API that tell of a beginning. Bounded in bytes, events and time.
package struct StreamStart: Sendable {
  private static let largest = 256 << 10
  private static let longest = 64
  /// An upstream that keeps a connection alive for longer than this is at work: its client sees it.
  private static let patience = Duration.seconds(5)

  /// Nil once the beginning is over: a stream may last for long, and needs none of this then.
  private var holding: Holding? = Holding()

  private struct Holding {
    var framer = SSEFramer(limit: StreamStart.largest * 2)
    var held: [UInt8] = []
    var events = 0
  }

  /// Why a stream has no beginning that could be passed on.
  package enum Failure: Error, Sendable {
    /// It began with an error: an object with a member `error`, as OpenAI's errors are.
    case error([UInt8])
    /// It ended before it said anything.
    case ended
  }

  /// The beginning of a stream.
  package init() {}

  /// Whether what comes is passed on as it comes.
  package var isOver: Bool { holding == nil }

  /// Takes what has come.
  /// - Parameter elapsed: since the answer began.
  /// - Returns: what is to be passed on: all that was held, once the stream says something; nil
  ///   until then.
  /// - Throws: ``Failure``.
  package mutating func take(
    _ bytes: [UInt8], elapsed: Duration = .zero
  ) throws(Failure) -> [UInt8]? {
    guard var current = holding else { return bytes }
    // Taken out, so that what follows changes it in place.
    holding = nil
    current.framer.push(bytes)
    current.held += bytes
    var isMalformed = false
    while let frame = Self.nextFrame(&current.framer, &isMalformed) {
      current.events += 1
      guard let data = frame.data else { continue }
      switch StreamEvent(Array(data)) {
      case .beginning: continue
      case .error(let error): throw .error(error)
      case .saying: return current.held
      }
    }
    if isMalformed || current.events >= Self.longest || current.held.count > Self.largest
      || elapsed > Self.patience
    {
      return current.held
    }
    holding = current
    return nil
  }

  private static func isJSON(_ data: ArraySlice<UInt8>) -> Bool {
    (try? JSONScanner.validate(Array(data))) != nil
  }

  /// Whoever reads the stream next says what is wrong with it.
  private static func nextFrame(_ framer: inout SSEFramer, _ isMalformed: inout Bool) -> SSEFrame? {
    do throws(SSEError) { return try framer.nextFrame() } catch {
      isMalformed = true
      return nil
    }
  }

  /// Tells that the stream has ended.
  /// - Returns: what was held, where a last event without its blank line says something; nil where
  ///   all was passed on before.
  /// - Throws: ``Failure`` where the stream has said nothing.
  package mutating func end() throws(Failure) -> [UInt8]? {
    guard var current = holding else { return nil }
    holding = nil
    current.framer.push([0x0A, 0x0A])
    var isMalformed = false
    while let frame = Self.nextFrame(&current.framer, &isMalformed) {
      guard let data = frame.data else { continue }
      switch StreamEvent(Array(data)) {
      case .beginning: continue
      case .error(let error): throw .error(error)
      // Half of an event says nothing.
      case .saying: if frame.isDone || Self.isJSON(data) { return current.held }
      }
    }
    throw .ended
  }
}
