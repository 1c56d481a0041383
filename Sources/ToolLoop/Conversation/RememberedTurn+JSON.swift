internal import OpenAIWire

extension RememberedTurn {
  /// The turn as a JSON object, for a store.
  package var json: [UInt8] {
    JSONWriter.object { writer in
      writer.key("calls")
      writer.beginArray()
      for (call, result) in calls {
        writer.beginObject()
        writer.member("id", call.id)
        writer.member("name", call.name)
        writer.member("arguments", String(decoding: call.arguments, as: UTF8.self))
        writer.member("result", String(decoding: result, as: UTF8.self))
        if !call.others.isEmpty { writer.member("others", raw: call.others) }
        writer.endObject()
      }
      writer.endArray()
    }
  }

  /// Reads what ``json`` wrote; nil for anything else.
  package init?(json: [UInt8]) {
    guard let entries = (try? JSONSlice.parse(json))?["calls"], entries.kind == .array else {
      return nil
    }
    var calls: [(call: ToolCall, result: [UInt8])] = []
    for entry in entries.elements {
      guard let id = entry["id"]?.string, let name = entry["name"]?.string,
        let arguments = entry["arguments"]?.stringBytes, let result = entry["result"]?.stringBytes
      else { return nil }
      let others = entry["others"].map { Array($0.raw) } ?? []
      calls.append(
        (ToolCall(id: id, name: name, arguments: arguments, others: others), result))
    }
    self.init(calls: calls)
  }
}
