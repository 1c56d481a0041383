internal import OpenAIWire

/// The sum of the `usage` objects of several upstream calls: numbers are added, member by member
/// and level by level; whatever is not a number is taken from the newest.
struct UsageSum: Sendable {
  private(set) var bytes: [UInt8]?

  init() {}

  /// Adds a `usage` object; anything else is left out.
  mutating func add(_ usage: [UInt8]) {
    guard let new = try? JSONSlice.parse(usage), new.kind == .object else { return }
    guard let bytes, let old = try? JSONSlice.parse(bytes) else {
      self.bytes = usage
      return
    }
    var writer = JSONWriter()
    Self.write(old, new, to: &writer, depth: 0)
    self.bytes = writer.bytes
  }

  /// This sum and one more, as JSON.
  func adding(_ usage: [UInt8]) -> [UInt8] {
    var sum = self
    sum.add(usage)
    return sum.bytes ?? usage
  }

  private static func write(
    _ old: JSONSlice, _ new: JSONSlice, to writer: inout JSONWriter, depth: Int
  ) {
    if new.kind == .number, old.kind == .number {
      if let left = old.int, let right = new.int {
        writer.value(left.addingReportingOverflow(right).partialValue)
      } else {
        writer.value((old.double ?? 0) + (new.double ?? 0))
      }
      return
    }
    guard new.kind == .object, old.kind == .object, depth < 8 else {
      // A call that reports nothing must not hide what another one reported.
      return writer.value(new.isNull ? old : new)
    }
    writer.beginObject()
    var written: Set<String> = []
    for (key, value) in new.members where written.insert(key).inserted {
      writer.key(key)
      if let before = old[key] {
        write(before, value, to: &writer, depth: depth + 1)
      } else {
        writer.value(value)
      }
    }
    for (key, value) in old.members where written.insert(key).inserted {
      writer.key(key)
      writer.value(value)
    }
    writer.endObject()
  }
}
