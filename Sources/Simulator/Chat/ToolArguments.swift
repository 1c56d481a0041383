internal import OpenAIWire

/// Arguments for a call, as JSON.
enum ToolArguments {
  /// For `generate_image`: the subject as the prompt, size and count where the words name them and
  /// the schema has room for them.
  static func picture(_ words: Words, _ tool: ChatTool) -> String {
    let object = JSONWriter.object { writer in
      writer.member("prompt", words.subject)
      if let size = words.size, let schema = tool.schema(of: "size"), allows(schema, size) {
        writer.member("size", size)
      }
      if let count = words.count, let schema = tool.schema(of: "count") {
        writer.member("count", min(count, schema["maximum"]?.int ?? count))
      }
    }
    return String(decoding: object, as: UTF8.self)
  }

  /// For `edit_image`: the words as the prompt.
  static func edit(_ words: Words, image: String, _ tool: ChatTool) -> String {
    let object = JSONWriter.object { writer in
      writer.member("prompt", words.text)
      writer.member("image", image)
      if let size = words.size, let schema = tool.schema(of: "size"), allows(schema, size) {
        writer.member("size", size)
      }
    }
    return String(decoding: object, as: UTF8.self)
  }

  /// For a tool of the client: a value for each required property, for each property where none is
  /// required.
  static func plausible(_ words: Words, _ tool: ChatTool) -> String {
    let object = JSONWriter.object { writer in
      for (name, schema) in tool.properties
      where tool.required.isEmpty || tool.required.contains(name) {
        writer.key(name)
        write(schema, words, depth: 0, &writer)
      }
    }
    return String(decoding: object, as: UTF8.self)
  }

  private static func allows(_ schema: JSONSlice, _ value: String) -> Bool {
    guard let options = schema["enum"] else { return true }
    return options.elements.contains { $0.isString(value) }
  }

  private static func write(
    _ schema: JSONSlice, _ words: Words, depth: Int, _ writer: inout JSONWriter
  ) {
    if let options = schema["enum"] {
      let named = options.elements.first { option in
        option.string.map { words.all.contains($0.lowercased()) } ?? false
      }
      if let option = named ?? options[0] { return writer.value(option) }
    }
    if let example = schema["default"] ?? schema["const"] { return writer.value(example) }
    switch schema["type"]?.string ?? schema["type"]?[0]?.string {
    case "integer", "number": writer.value(words.all.lazy.compactMap { Int($0) }.first ?? 1)
    case "boolean": writer.value(true)
    case "null": writer.null()
    case "array":
      writer.beginArray()
      if let items = schema["items"], depth < 8 { write(items, words, depth: depth + 1, &writer) }
      writer.endArray()
    case "object":
      writer.beginObject()
      if depth < 8 {
        for (name, property) in schema["properties"]?.members.map({ ($0.key, $0.value) }) ?? [] {
          writer.key(name)
          write(property, words, depth: depth + 1, &writer)
        }
      }
      writer.endObject()
    default: writer.value(properNoun(words.text))
    }
  }

  /// The first capitalised word that does not open the text, such as "Paris"; else the text.
  private static func properNoun(_ text: String) -> String {
    let words = text.split { !($0.isLetter || $0 == "-") }
    let noun = words.dropFirst().first { $0.first?.isUppercase == true && $0.count > 1 }
    return noun.map(String.init) ?? String(text.prefix(200))
  }
}
