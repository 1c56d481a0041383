@testable import HTTP

/// What a server makes of the bytes of one connection.
enum Verdict: Hashable, CustomStringConvertible {
  /// Every request was whole; their bodies, in order.
  case accepted([Request])
  /// An error that is answered with this status.
  case refused(Int, after: Int)
  /// The bytes end within a request.
  case cut(after: Int)

  struct Request: Hashable {
    var method: String
    var target: String
    var fields: [UInt8]
    var body: [UInt8]
    var trailers: [UInt8]
  }

  var status: Int? {
    if case .refused(let status, _) = self { status } else { nil }
  }

  var description: String {
    switch self {
    case .accepted(let requests): "accepted \(requests.count)"
    case .refused(let status, let count): "\(status) after \(count)"
    case .cut(let count): "cut after \(count)"
    }
  }
}

/// Plays the reading side of a server: head, body, head, body.
struct RequestDriver {
  private let limits: HTTPLimits
  private var buffer = ByteBuffer()
  private var parser: RequestHeadParser
  private var pending: (head: RequestHead, decoder: BodyDecoder)?
  private var body: [UInt8] = []
  private var requests: [Verdict.Request] = []
  private var failure: Int?
  private var isWithinHead = false

  init(limits: HTTPLimits = HTTPLimits()) {
    self.limits = limits
    parser = RequestHeadParser(limits: limits)
  }

  /// Reads pieces that come one after the other, and then the end of the connection.
  static func verdict(
    _ pieces: some Sequence<ArraySlice<UInt8>>, limits: HTTPLimits = HTTPLimits()
  ) -> Verdict {
    var driver = RequestDriver(limits: limits)
    for piece in pieces { driver.feed(Array(piece)) }
    return driver.end()
  }

  mutating func feed(_ piece: [UInt8]) {
    guard failure == nil, !piece.isEmpty else { return }
    buffer.append(piece.span)
    do throws(HTTPParseError) {
      while try step() {}
    } catch {
      failure = error.status
    }
  }

  private mutating func step() throws(HTTPParseError) -> Bool {
    if pending == nil {
      guard let head = try parser.parse(&buffer) else { return false }
      pending = (head, BodyDecoder(head.framing, limits: limits))
      body = []
    }
    guard let head = pending?.head,
      try pending?.decoder.decode(&buffer, into: &body, max: .max) == .finished
    else { return false }
    requests.append(
      .init(
        method: head.method.name, target: head.target, fields: head.headers.wireBytes, body: body,
        trailers: pending?.decoder.trailers.wireBytes ?? []))
    pending = nil
    return true
  }

  private func end() -> Verdict {
    if let failure { return .refused(failure, after: requests.count) }
    if pending != nil || parser.isWithinHead || !buffer.isEmpty || requests.isEmpty {
      return .cut(after: requests.count)
    }
    return .accepted(requests)
  }
}

/// The ways in which a table's bytes are fed.
enum Splits {
  static func whole(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] { [bytes[...]] }
  static func single(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
    bytes.indices.map { bytes[$0...$0] }
  }
  static func inTwo(_ bytes: [UInt8], at offset: Int) -> [ArraySlice<UInt8>] {
    [bytes[..<offset], bytes[offset...]]
  }

  /// The verdict on the bytes, and the splits by which it would be another one.
  static func check(
    _ bytes: [UInt8], limits: HTTPLimits = HTTPLimits()
  ) -> (verdict: Verdict, differing: [String]) {
    let verdict = RequestDriver.verdict(whole(bytes), limits: limits)
    var differing: [String] = []
    let single = RequestDriver.verdict(single(bytes), limits: limits)
    if single != verdict { differing.append("byte by byte: \(single)") }
    // Of long inputs not every offset: the number of steps grows with the square.
    let stride = stride(from: 0, through: bytes.count, by: max(1, bytes.count / 300))
    for offset in stride {
      let split = RequestDriver.verdict(inTwo(bytes, at: offset), limits: limits)
      if split != verdict { differing.append("split at \(offset): \(split)") }
    }
    return (verdict, differing)
  }
}
