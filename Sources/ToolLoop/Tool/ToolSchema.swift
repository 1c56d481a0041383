internal import OpenAIWire

/// Writes the entry of `tools` that offers a function
/// (platform.openai.com/docs/guides/function-calling).
struct ToolSchema {
  private var writer = JSONWriter()

  /// - Parameters:
  ///   - required: names of parameters.
  ///   - parameters: adds them, in order.
  static func function(
    _ name: String, _ description: String, required: [String],
    _ parameters: (inout ToolSchema) -> Void
  ) -> [UInt8] {
    var schema = ToolSchema()
    schema.writer.beginObject()
    schema.writer.member("type", "function")
    schema.writer.key("function")
    schema.writer.beginObject()
    schema.writer.member("name", name)
    schema.writer.member("description", description)
    schema.writer.key("parameters")
    schema.writer.beginObject()
    schema.writer.member("type", "object")
    schema.writer.key("properties")
    schema.writer.beginObject()
    parameters(&schema)
    schema.writer.endObject()
    schema.writer.key("required")
    schema.writer.beginArray()
    for name in required { schema.writer.value(name) }
    schema.writer.endArray()
    for _ in 0..<3 { schema.writer.endObject() }
    return schema.writer.bytes
  }

  mutating func text(_ name: String, _ description: String) {
    parameter(name, "string", description) { _ in }
  }

  mutating func choice(_ name: String, _ values: [String], _ description: String) {
    parameter(name, "string", description) { writer in
      writer.key("enum")
      writer.beginArray()
      for value in values { writer.value(value) }
      writer.endArray()
    }
  }

  mutating func integer(_ name: String, _ range: ClosedRange<Int>, _ description: String) {
    parameter(name, "integer", description) { writer in
      writer.member("minimum", range.lowerBound)
      writer.member("maximum", range.upperBound)
    }
  }

  private mutating func parameter(
    _ name: String, _ type: String, _ description: String, _ rest: (inout JSONWriter) -> Void
  ) {
    writer.key(name)
    writer.beginObject()
    writer.member("type", type)
    rest(&writer)
    writer.member("description", description)
    writer.endObject()
  }
}
