internal import OpenAIWire

/// Puts an answer into the shapes of OpenAI's API.
struct ChatChunks {
  let request: ChatRequest
  let answer: ChatAnswer
  let id: String
  let created: Int

  /// The data of each event of a stream, `[DONE]` included.
  func events() -> [[UInt8]] {
    var events = [chunk(delta: "{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null}")]
    for word in Self.pieces(answer.text) {
      events.append(chunk(delta: "{\"content\":\(Self.quoted(word))}"))
    }
    for (index, call) in answer.calls.enumerated() {
      events.append(
        chunk(
          delta: "{\"tool_calls\":[{\"index\":\(index),\"id\":\(Self.quoted(callID(index))),"
            + "\"type\":\"function\",\"function\":{\"name\":\(Self.quoted(call.name)),"
            + "\"arguments\":\"\"}}]}"))
      for piece in Self.pieces(call.arguments) {
        events.append(
          chunk(
            delta: "{\"tool_calls\":[{\"index\":\(index),"
              + "\"function\":{\"arguments\":\(Self.quoted(piece))}}]}"))
      }
    }
    events.append(chunk(delta: "{}", finish: answer.finishReason))
    if request.includesUsage { events.append(chunk(delta: nil, usage: true)) }
    return events + [Array("[DONE]".utf8)]
  }

  /// The body of an answer in one piece.
  func whole() -> [UInt8] {
    JSONWriter.object { writer in
      writer.member("id", id)
      writer.member("object", "chat.completion")
      writer.member("created", created)
      writer.member("model", request.model)
      writer.key("choices")
      writer.beginArray()
      for index in 0..<request.choices {
        writer.beginObject()
        writer.member("index", index)
        writer.key("message")
        writeMessage(&writer)
        writer.key("logprobs")
        writer.null()
        writer.member("finish_reason", answer.finishReason)
        writer.endObject()
      }
      writer.endArray()
      writer.member("usage", raw: usage)
      writer.member("system_fingerprint", "fp_simulated")
    }
  }

  private func writeMessage(_ writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("role", "assistant")
    writer.key("content")
    if answer.text.isEmpty { writer.null() } else { writer.value(answer.text) }
    writer.key("refusal")
    writer.null()
    if !answer.calls.isEmpty {
      writer.key("tool_calls")
      writer.beginArray()
      for (index, call) in answer.calls.enumerated() {
        writer.beginObject()
        writer.member("id", callID(index))
        writer.member("type", "function")
        writer.key("function")
        writer.beginObject()
        writer.member("name", call.name)
        writer.member("arguments", call.arguments)
        writer.endObject()
        writer.endObject()
      }
      writer.endArray()
    }
    writer.endObject()
  }

  private func callID(_ index: Int) -> String { "call_\(id.dropFirst(9))_\(index)" }

  private var usage: [UInt8] {
    let prompt = request.byteCount / 4 + 1
    let completion =
      Self.pieces(answer.text).count
      + answer.calls.reduce(0) { $0 + Self.pieces($1.arguments).count + 8 }
    return JSONWriter.object { writer in
      writer.member("prompt_tokens", prompt)
      writer.member("completion_tokens", completion)
      writer.member("total_tokens", prompt + completion)
    }
  }

  private func chunk(delta: String?, finish: String? = nil, usage: Bool = false) -> [UInt8] {
    JSONWriter.object { writer in
      writer.member("id", id)
      writer.member("object", "chat.completion.chunk")
      writer.member("created", created)
      writer.member("model", request.model)
      writer.member("system_fingerprint", "fp_simulated")
      writer.key("choices")
      writer.beginArray()
      if let delta {
        for index in 0..<request.choices {
          writer.beginObject()
          writer.member("index", index)
          writer.key("delta")
          writer.value(raw: delta.utf8)
          writer.key("logprobs")
          writer.null()
          writer.key("finish_reason")
          if let finish { writer.value(finish) } else { writer.null() }
          writer.endObject()
        }
      }
      writer.endArray()
      if request.includesUsage {
        writer.key("usage")
        if usage { writer.value(raw: self.usage) } else { writer.null() }
      }
    }
  }

  private static func quoted(_ text: String) -> String {
    String(decoding: JSONWriter.string(text), as: UTF8.self)
  }

  /// Words with the space before them, as tokens have it.
  static func pieces(_ text: String) -> [String] {
    var pieces: [String] = []
    for character in text {
      if character == " " || pieces.isEmpty { pieces.append("") }
      pieces[pieces.count - 1].append(character)
    }
    return pieces
  }
}
