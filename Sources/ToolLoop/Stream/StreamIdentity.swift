internal import OpenAIWire

/// What stays the same in every chunk of one answer. Taken from the first chunk; the chunks of later
/// upstream calls get it in place of their own.
struct StreamIdentity: Sendable {
  /// Member names and their values as JSON, in the order of the first chunk.
  private(set) var members: [(key: String, value: [UInt8])] = []
  static let keys = ["id", "object", "created", "model", "system_fingerprint"]

  /// - Parameter chunk: the first one.
  init(of chunk: JSONSlice) {
    for key in Self.keys {
      if let value = chunk[key] { members.append((key, Array(value.raw))) }
    }
  }

  func value(_ key: String) -> [UInt8]? { members.first { $0.key == key }?.value }

  /// A chunk of this answer.
  /// - Parameters:
  ///   - delta: a JSON object; nil for a chunk without choices.
  ///   - members: further members of the chunk.
  func chunk(
    delta: [UInt8]?, finishReason: String? = nil, members: [(key: String, value: [UInt8])] = []
  ) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    for (key, value) in self.members where key != "object" {
      writer.key(key)
      writer.value(raw: value)
    }
    writer.key("object")
    writer.value("chat.completion.chunk")
    writer.key("choices")
    writer.beginArray()
    if let delta {
      writer.beginObject()
      writer.key("index")
      writer.value(0)
      writer.key("delta")
      writer.value(raw: delta)
      writer.key("finish_reason")
      if let finishReason { writer.value(finishReason) } else { writer.null() }
      writer.endObject()
    }
    writer.endArray()
    for (key, value) in members {
      writer.key(key)
      writer.value(raw: value)
    }
    writer.endObject()
    return SSEWriter.event(data: writer.bytes)
  }
}
