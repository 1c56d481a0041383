internal import OpenAIWire

/// What the model is told of a call: ids, URLs and words, never picture data.
enum ToolResult {
  static func content(_ result: PictureResult) -> String {
    String(decoding: bytes(result), as: UTF8.self)
  }

  static func bytes(_ result: PictureResult) -> [UInt8] {
    JSONWriter.object { writer in
      switch result {
      case .failed(let reason, let isRefusal):
        writer.member("status", isRefusal ? "refused" : "failed")
        writer.member("reason", reason)
      case .proposed(let proposal):
        writer.member("status", "awaiting_confirmation")
        writer.member("proposal", proposal.id)
        writer.member(
          "note",
          "Nothing is drawn yet. The user sees the proposal with its cost and a button for yes. "
            + "Say so in a few words, and do not call the tool again for it.")
      case .made(let set):
        writer.member("status", "success")
        writer.key("images")
        writer.beginArray()
        for picture in set.pictures {
          writer.beginObject()
          writer.member("id", picture.id)
          writer.member("url", picture.url)
          writer.member("revised_prompt", picture.revisedPrompt)
          writer.endObject()
        }
        writer.endArray()
        writer.member("provider", set.provider)
        writer.member("model", set.model)
        writer.member("cost_usd", dollars: set.cost)
        if !set.passedOver.isEmpty { set.writeFallback(to: &writer) }
        writer.member("note", "The user already sees the picture. Do not repeat its link.")
      }
    }
  }
}

extension PictureSet {
  /// Who should have drawn and did not, in the words of the images API.
  func writeFallback(to writer: inout JSONWriter) {
    writer.key("fallback")
    writer.beginArray()
    for passed in passedOver {
      writer.beginObject()
      writer.member("model", passed.model)
      writer.member("reason", passed.reason)
      writer.endObject()
    }
    writer.endArray()
  }
}

/// How a picture stands in an answer.
enum PictureText {
  /// Markdown that every chat client shows. The prompt is made safe for the brackets.
  static func markdown(_ picture: Picture, prompt: String) -> String {
    let safe = prompt.prefix(200).map { character in
      "[]()!\\`<>".contains(character) || character.isNewline ? " " : character
    }
    return "\n\n![\(String(safe))](\(picture.url))\n\n"
  }

  /// The object that tells a client what waits for the user's yes.
  static func proposals(_ proposals: [[UInt8]]) -> [UInt8] {
    JSONWriter.object { writer in
      writer.key("imageGenerations")
      writer.beginArray()
      for proposal in proposals { writer.value(raw: proposal) }
      writer.endArray()
    }
  }

  /// The entries of `images` (OpenRouter's convention), as a JSON array.
  static func images(_ pictures: [Picture], from index: Int) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginArray()
    for (offset, picture) in pictures.enumerated() {
      writer.beginObject()
      writer.member("type", "image_url")
      writer.key("image_url")
      writer.beginObject()
      writer.member("url", picture.url)
      writer.endObject()
      writer.member("index", index + offset)
      writer.endObject()
    }
    writer.endArray()
    return writer.bytes
  }
}
