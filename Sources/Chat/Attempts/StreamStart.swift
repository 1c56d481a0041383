internal import OpenAIWire

/// Holds the beginning of a stream back until it says something, so that an error which comes first
/// can still be another upstream's answer.
///
/// What is held: comments, the role alone, chunks without choices or with empty deltas. Bounded in
/// bytes and events.
package struct StreamStart: Sendable {
  private static let largest = 256 << 10
  private static let longest = 64

  private var framer = SSEFramer(limit: largest * 2)
  private var held: [UInt8] = []
  private var events = 0
  private var isOver = false
  private var isMalformed = false

  /// A stream that begins with an error.
  package struct Failure: Error, Sendable {
    /// The data of the event: an error object.
    package let data: [UInt8]
  }

  /// The beginning of a stream.
  package init() {}

  /// Takes what has come.
  /// - Returns: what is to be passed on: all that was held, once the stream says something; nil
  ///   until then.
  /// - Throws: ``Failure``.
  package mutating func take(_ bytes: [UInt8]) throws(Failure) -> [UInt8]? {
    if isOver { return bytes }
    framer.push(bytes)
    held += bytes
    while let frame = nextFrame() {
      guard let data = frame.data else { continue }
      events += 1
      switch Self.meaning(Array(data)) {
      case .nothing where events < Self.longest: continue
      case .error: throw Failure(data: Array(data))
      case .nothing, .something: return release()
      }
    }
    return isMalformed || held.count > Self.largest ? release() : nil
  }

  private mutating func nextFrame() -> SSEFrame? {
    do throws(SSEError) { return try framer.nextFrame() } catch {
      // Whoever reads the stream next says what is wrong with it.
      isMalformed = true
      return nil
    }
  }

  /// What was held of a stream that has ended without saying anything; nil where it has said
  /// something.
  package mutating func rest() -> [UInt8]? { isOver ? nil : release() }

  private mutating func release() -> [UInt8] {
    isOver = true
    defer { held = [] }
    // A stream may last for long: what was needed for its beginning goes.
    framer = SSEFramer(limit: Self.largest * 2)
    return held
  }

  private enum Meaning {
    case nothing, something, error
  }

  private static func meaning(_ data: [UInt8]) -> Meaning {
    guard let object = try? JSONSlice.parse(data), object.kind == .object else { return .something }
    if let error = object["error"], !error.isNull { return .error }
    guard let choices = object["choices"], choices.kind == .array else {
      // Streams of other APIs have events of their own.
      return object["choices"] == nil && object["type"] != nil ? .something : .nothing
    }
    for choice in choices.elements {
      if let reason = choice["finish_reason"], !reason.isNull { return .something }
      guard let delta = choice["delta"] else { return .something }
      for member in delta.members where member.key != "role" {
        let isEmpty =
          member.value.isNull || member.value.isString("")
          || (member.value.kind == .array && !member.value.elements.contains { _ in true })
        if !isEmpty { return .something }
      }
    }
    return .nothing
  }
}
