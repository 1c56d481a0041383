internal import OpenAIWire

/// Takes pictures out of assistant turns that a client sends back, so that no picture is ever read
/// by a model as text; a short reference stays. The account of what was drawn, `message.easel`, is
/// taken out with them: servers such as Groq and Mistral refuse a message with a member that they
/// don't know.
enum PictureHistory {
  private static let reference = "[picture]"
  /// The most edits to a request's messages: a body of millions of tiny pictures would keep a loop
  /// from its other connections for seconds.
  static let mostEdits = 65_536

  /// Whether messages may hold pictures, mention stored ones, or hold an account: each form has
  /// `image`, `img_` or `easel` in it, in plain letters or with some of them escaped.
  static func mayHold(_ messages: JSONSlice) -> Bool {
    messages.raw.contains("image") || messages.raw.contains("img")
      || messages.raw.contains("easel") || messages.raw.contains("\\u006")
  }

  /// - Throws: `OpenAIError`, where there are more pictures than are taken out of one request.
  static func strip(
    _ messages: JSONSlice, _ edits: inout JSONSplice
  ) throws(OpenAIError) {
    for message in messages.elements where message["role"]?.isString("assistant") == true {
      try strip(turn: message, &edits)
    }
  }

  private static func strip(
    turn message: JSONSlice, _ edits: inout JSONSplice
  ) throws(OpenAIError) {
    for member in message.entries {
      let value = JSONSlice(member, in: message.bytes)
      if member.isNamed("images", in: message.bytes)
        || member.isNamed("easel", in: message.bytes)
      {
        edits.delete(member)
      } else if member.isNamed("content", in: message.bytes) {
        try strip(content: value, &edits)
      }
      try checkCount(edits)
    }
    // A turn that was a picture alone would be an empty one, which servers refuse.
    guard message["images"]?.elements.contains(where: { _ in true }) == true else { return }
    let note = JSONWriter.string(reference)
    guard let content = message["content"] else {
      return edits.append(key: "content", value: note, to: message)
    }
    if content.isNull || content.isString("") { edits.replace(content, with: note) }
  }

  private static func strip(
    content: JSONSlice, _ edits: inout JSONSplice
  ) throws(OpenAIError) {
    if content.kind == .string { return strip(text: content, &edits) }
    for part in content.elements {
      if let url = part["image_url"]?["url"]?.stringBytes, url.starts(with: "data:".utf8) {
        edits.replace(
          part,
          with: JSONWriter.object {
            $0.member("type", "text")
            $0.member("text", reference)
          })
      } else if let text = part["text"] {
        strip(text: text, &edits)
      }
      try checkCount(edits)
    }
  }

  private static func checkCount(_ edits: JSONSplice) throws(OpenAIError) {
    guard edits.count > mostEdits else { return }
    throw .invalidRequest(
      "Assistant turns of 'messages' hold more than \(mostEdits) pictures. Leave out old turns.",
      param: "messages")
  }

  private static func strip(text: JSONSlice, _ edits: inout JSONSplice) {
    guard let bytes = text.stringBytes, let stripped = withoutPictures(bytes) else { return }
    edits.replace(text, with: JSONWriter.string(String(decoding: stripped, as: UTF8.self)))
  }

  /// The text with each `data:image/...;base64,...` replaced; nil where there is none.
  static func withoutPictures(_ text: [UInt8]) -> [UInt8]? {
    var rest = text[...]
    var result: [UInt8] = []
    while let start = rest.firstIndex(of: "data:image/" as StaticString) {
      result += rest[..<start]
      let end = rest[start...].firstIndex { !isURLByte($0) } ?? rest.endIndex
      result += reference.utf8
      rest = rest[end...]
    }
    return result.isEmpty ? nil : result + rest
  }

  static func isURLByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    default: ":;,+/=-_.%".utf8.contains(byte)
    }
  }
}
