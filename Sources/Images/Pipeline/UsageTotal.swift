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

  /// The same with the members that OpenAI's clients count on, where a provider tells fewer
  /// (`ImagesUsage` of OpenAI's specification), or in the words of chat.
  static func complete(_ usage: [UInt8]) -> [UInt8] {
    guard let object = try? JSONSlice.parse(usage), object.kind == .object else { return usage }
    let details = object["input_tokens_details"].flatMap { $0.kind == .object ? $0 : nil }
    let names = ["input_tokens", "output_tokens", "total_tokens"]
    if details != nil, names.allSatisfy({ object[$0]?.int != nil }) { return usage }
    let input = object["input_tokens"]?.int ?? object["prompt_tokens"]?.int ?? 0
    let output = object["output_tokens"]?.int ?? object["completion_tokens"]?.int ?? 0
    // What it has cost stands beside it, and could not be summed here.
    let own = names + ["input_tokens_details", "prompt_tokens", "completion_tokens", "cost"]
    return JSONWriter.object { writer in
      for member in object.members where !own.contains(member.key) {
        writer.key(member.key)
        writer.value(member.value)
      }
      writer.member("input_tokens", input)
      writer.member("output_tokens", output)
      writer.member("total_tokens", object["total_tokens"]?.int ?? input &+ output)
      writer.key("input_tokens_details")
      if let details { return writer.value(details) }
      // What no provider calls a picture is text.
      writer.beginObject()
      writer.member("text_tokens", input)
      writer.member("image_tokens", 0)
      writer.endObject()
    }
  }

  /// One of so many equal parts of an object of numbers and objects of numbers, whose sum is the
  /// whole: what is left over is in the first parts.
  static func part(_ index: Int, of count: Int, _ usage: [UInt8]) -> [UInt8] {
    guard count > 1, let object = try? JSONSlice.parse(usage) else { return usage }
    var writer = JSONWriter()
    writePart(index, of: count, object, depth: 0, to: &writer)
    return writer.bytes
  }

  private static func writePart(
    _ index: Int, of count: Int, _ object: JSONSlice, depth: Int, to writer: inout JSONWriter
  ) {
    writer.beginObject()
    for member in object.members {
      writer.key(member.key)
      if member.value.kind == .object, depth < 4 {
        writePart(index, of: count, member.value, depth: depth + 1, to: &writer)
      } else if let number = member.value.int {
        writer.value(number / count + (index < number % count ? 1 : 0))
      } else {
        writer.value(member.value)
      }
    }
    writer.endObject()
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
