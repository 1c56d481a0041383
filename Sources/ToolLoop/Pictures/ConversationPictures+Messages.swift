internal import OpenAIWire

extension ConversationPictures {
  /// Adds the pictures of a request's messages: stored ones by any mention, `image_url` parts,
  /// `images` of assistant turns (OpenRouter's convention), and `data:` URLs in what the user or the
  /// model has said.
  /// - Parameter restored: results of the gateway's calls that come back behind a message.
  mutating func add(messages: JSONSlice, restored: [Conversation.RestoredTurn]) {
    for (index, message) in messages.elements.enumerated() where isOpen {
      add(message)
      for item in restored where item.message == index {
        for (_, result) in item.turn.calls { add(result: result) }
      }
    }
  }

  /// Adds the pictures of a call's result.
  mutating func add(result: [UInt8]) {
    for case .stored(let id) in PictureMentions(result) where isOpen { add(.stored(id)) }
  }

  private mutating func add(_ message: JSONSlice) {
    var role: JSONSlice?
    var content: JSONSlice?
    var images: JSONSlice?
    for member in message.entries {
      let value = JSONSlice(member, in: message.bytes)
      if member.isNamed("role", in: message.bytes) {
        role = value
      } else if member.isNamed("content", in: message.bytes) {
        content = value
      } else if member.isNamed("images", in: message.bytes) {
        images = value
      }
    }
    let isAssistant = role?.isString("assistant") == true
    let isDialogue = isAssistant || role?.isString("user") == true
    if let content {
      if content.kind == .string { add(text: content, takesData: isDialogue) }
      for part in content.elements where isOpen {
        if let text = part["text"] { add(text: text, takesData: isDialogue) }
        if isDialogue, let url = Self.url(of: part) { add(url: url) }
      }
    }
    guard isAssistant, let images else { return }
    for image in images.elements where isOpen {
      if let url = Self.url(of: image) { add(url: url) }
    }
  }

  private mutating func add(text: JSONSlice, takesData: Bool) {
    guard text.kind == .string,
      text.raw.contains("img_") || (takesData && text.raw.contains("data:image")),
      let bytes = text.stringBytes
    else { return }
    for mention in PictureMentions(bytes) where isOpen {
      switch mention {
      case .stored(let id): add(.stored(id))
      case .data(let range): if takesData { add(.inline(InlinePicture(text, part: range))) }
      }
    }
  }

  private mutating func add(url: JSONSlice) {
    // Looked at before it is decoded: it may have megabytes.
    if url.raw.starts(with: "\"data:".utf8) { return add(.inline(InlinePicture(url))) }
    guard url.range.count <= Self.urlLimit, let bytes = url.stringBytes else {
      // It counts, since the model counts it too.
      return add(.remote("a URL of \(url.range.count) bytes"))
    }
    if let id = PictureMentions.id(in: bytes) {
      add(.stored(id))
    } else {
      add(.remote(String(decoding: bytes, as: UTF8.self)))
    }
  }

  /// `{"image_url": {"url": …}}`, and what clients make of it.
  private static func url(of part: JSONSlice) -> JSONSlice? {
    let value = part.kind == .string ? part : part["image_url"]
    let url = value?.kind == .object ? value?["url"] : value
    return url?.kind == .string ? url : nil
  }
}
