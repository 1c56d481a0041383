internal import OpenAIWire

/// An answer in one piece as the stream that was asked for: some servers stream nothing where tools
/// are offered.
enum StreamedAnswer {
  /// The events of a `chat.completion`.
  /// - Parameter includesUsage: whether the client wants an event with the usage.
  /// - Returns: nil for anything else.
  static func events(_ answer: JSONSlice?, includesUsage: Bool) -> [UInt8]? {
    guard let answer, let choices = answer["choices"],
      choices[0]?["message"]?.kind == .object
    else { return nil }
    var events = chunk(of: answer, choices: choices.elements.map(words))
    events += chunk(of: answer, choices: choices.elements.map(end))
    if includesUsage, let usage = answer["usage"], usage.kind == .object {
      events += chunk(of: answer, choices: [], usage: usage)
    }
    return events + SSEWriter.done
  }

  private static func chunk(
    of answer: JSONSlice, choices: [[UInt8]], usage: JSONSlice? = nil
  ) -> [UInt8] {
    let chunk = JSONWriter.object { chunk in
      for (key, value) in answer.members where !["object", "choices", "usage"].contains(key) {
        chunk.member(key, raw: value.raw)
      }
      chunk.member("object", "chat.completion.chunk")
      chunk.member("choices", raw: JSONWriter.array(choices))
      if let usage { chunk.member("usage", raw: usage.raw) }
    }
    return SSEWriter.event(data: chunk)
  }

  private static func words(_ choice: JSONSlice) -> [UInt8] {
    JSONWriter.object { writer in
      writer.member("index", choice["index"]?.int ?? 0)
      writer.key("delta")
      writer.beginObject()
      for (key, value) in choice["message"].map({ Array($0.members) }) ?? [] {
        guard key == "tool_calls", value.kind == .array else {
          writer.member(key, raw: value.raw)
          continue
        }
        let calls = value.elements.enumerated().map { numbered($1, $0) }
        writer.member("tool_calls", raw: JSONWriter.array(calls))
      }
      writer.endObject()
      if let probabilities = choice["logprobs"] {
        writer.member("logprobs", raw: probabilities.raw)
      }
      writer.key("finish_reason")
      writer.null()
    }
  }

  private static func numbered(_ call: JSONSlice, _ index: Int) -> [UInt8] {
    JSONWriter.object { writer in
      writer.member("index", index)
      for (key, value) in call.members where key != "index" { writer.member(key, raw: value.raw) }
    }
  }

  private static func end(_ choice: JSONSlice) -> [UInt8] {
    JSONWriter.object { writer in
      writer.member("index", choice["index"]?.int ?? 0)
      writer.member("delta", raw: "{}".utf8)
      writer.member("finish_reason", choice["finish_reason"]?.string ?? "stop")
    }
  }
}
