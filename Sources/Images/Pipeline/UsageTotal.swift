internal import OpenAIWire

/// Adds up the `usage` objects of several calls.
enum UsageTotal {
  /// The sum, member by member, of two objects of numbers and objects of numbers.
  static func sum(_ left: [UInt8]?, _ right: [UInt8]?) -> [UInt8]? {
    guard let left, let a = try? JSONSlice.parse(left) else { return right }
    guard let right, let b = try? JSONSlice.parse(right) else { return left }
    var writer = JSONWriter()
    write(a, b, depth: 0, to: &writer)
    return writer.bytes
  }

  private static func write(_ a: JSONSlice, _ b: JSONSlice, depth: Int, to writer: inout JSONWriter)
  {
    writer.beginObject()
    for member in a.members {
      writer.key(member.key)
      let other = b[member.key]
      if member.value.kind == .object, let other, other.kind == .object, depth < 4 {
        write(member.value, other, depth: depth + 1, to: &writer)
      } else if let number = member.value.int, let more = other?.int,
        case (let total, false) = number.addingReportingOverflow(more)
      {
        writer.value(total)
      } else {
        writer.value(member.value)
      }
    }
    for member in b.members where a[member.key] == nil {
      writer.key(member.key)
      writer.value(member.value)
    }
    writer.endObject()
  }
}
