/// A slow and simple reader of a whole Server-Sent Events stream (WHATWG HTML, 9.2.6), written to
/// be obviously right: the yardstick for the incremental ones.
struct ReferenceSSE: Equatable {
  struct Event: Equatable {
    var event: String
    var data: [UInt8]
    var lastEventId: String
  }

  var events: [Event] = []
  /// The last valid `retry`, in milliseconds.
  var retry: Int?

  init(_ stream: [UInt8]) {
    var type: [UInt8] = []
    var data: [UInt8] = []
    var id: [UInt8] = []
    for line in Self.lines(stream) {
      if line.isEmpty {
        if !data.isEmpty {
          data.removeLast()
          events.append(
            Event(
              event: type.isEmpty ? "message" : String(decoding: type, as: UTF8.self), data: data,
              lastEventId: String(decoding: id, as: UTF8.self)))
        }
        type = []
        data = []
        continue
      }
      var (name, value) = (line, [UInt8]())
      if let colon = line.firstIndex(of: UInt8(ascii: ":")) {
        name = Array(line[..<colon])
        value = Array(line[(colon + 1)...])
        if value.first == UInt8(ascii: " ") { value.removeFirst() }
      }
      switch String(decoding: name, as: UTF8.self) {
      case "event": type = value
      case "data": data += value + [0x0A]
      case "id" where !value.contains(0): id = value
      case "retry" where value.allSatisfy { (0x30...0x39).contains($0) }:
        retry = Int(String(decoding: value, as: UTF8.self)) ?? retry
      default: break
      }
    }
  }

  /// The lines that have ended; what comes after the last line end is not one.
  private static func lines(_ stream: [UInt8]) -> [[UInt8]] {
    var rest = stream[...]
    if rest.starts(with: [0xEF, 0xBB, 0xBF]) { rest = rest.dropFirst(3) }
    var lines: [[UInt8]] = []
    var line: [UInt8] = []
    while let byte = rest.popFirst() {
      switch byte {
      case 0x0D:
        if rest.first == 0x0A { rest.removeFirst() }
        fallthrough
      case 0x0A:
        lines.append(line)
        line = []
      default: line.append(byte)
      }
    }
    return lines
  }
}
