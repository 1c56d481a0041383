internal import Observability

/// Builds the tree of a YAML text, within bounds, and without the parts of YAML that make a
/// configuration mean something else than it seems to: anchors, aliases, tags, duplicate keys.
struct YAMLComposer: ~Copyable {
  /// The longest text; 1 MiB.
  static let maximumSize = ByteCount.mebibytes(1)
  /// The deepest nesting of lists and mappings.
  static let maximumDepth = 64

  private var reader: YAMLEventReader
  private var errors: [YAMLError] = []

  private init(_ bytes: [UInt8]) throws(YAMLError) {
    reader = try YAMLEventReader(bytes)
  }

  /// What a text holds: its root (nil if the text is empty), or everything that is wrong with it.
  static func compose(_ bytes: [UInt8]) -> (root: YAMLNode?, errors: [YAMLError]) {
    do throws(YAMLError) {
      guard bytes.count <= maximumSize.bytes else {
        throw YAMLError(mark: nil, message: "is larger than \(maximumSize)")
      }
      try checkEncoding(bytes)
      var composer = try YAMLComposer(
        bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes[3...]) : bytes)
      let root = try composer.document()
      return composer.errors.isEmpty ? (root, []) : (nil, composer.errors)
    } catch {
      return (nil, [error])
    }
  }

  private static func checkEncoding(_ bytes: [UInt8]) throws(YAMLError) {
    do {
      _ = try UTF8Span(validating: bytes.span)
    } catch {
      let before = bytes[..<error.byteOffsets.lowerBound]
      let line = before.count { $0 == UInt8(ascii: "\n") } + 1
      throw YAMLError(mark: YAMLMark(line: line, column: 1), message: "is not UTF-8 text")
    }
  }

  private mutating func document() throws(YAMLError) -> YAMLNode? {
    var root: YAMLNode?
    var documents = 0
    while true {
      let item = try reader.next()
      switch item.event {
      case .streamEnd: return root
      case .documentStart:
        documents += 1
        guard documents == 1 else {
          throw YAMLError(mark: item.mark, message: "only one YAML document is allowed in a file")
        }
        root = try node(try reader.next(), depth: 0)
      default: break
      }
    }
  }

  private mutating func node(
    _ item: YAMLEventReader.Item, depth: Int
  ) throws(YAMLError) -> YAMLNode {
    guard depth < Self.maximumDepth else {
      throw YAMLError(
        mark: item.mark, message: "is nested more than \(Self.maximumDepth) levels deep")
    }
    if item.hasAnchor {
      errors.append(YAMLError(mark: item.mark, message: "anchors (&name) are not allowed"))
    }
    if item.hasTag {
      errors.append(YAMLError(mark: item.mark, message: "tags (!name) are not allowed"))
    }
    switch item.event {
    case .scalar(let scalar): return YAMLNode(mark: item.mark, content: .scalar(scalar))
    case .sequenceStart: return try sequence(at: item.mark, depth: depth)
    case .mappingStart: return try mapping(at: item.mark, depth: depth)
    case .alias:
      errors.append(YAMLError(mark: item.mark, message: "aliases (*name) are not allowed"))
      return YAMLNode(mark: item.mark, content: .scalar(YAMLScalar(text: "", isPlain: true)))
    default: throw YAMLError(mark: item.mark, message: "a value is missing here")
    }
  }

  private mutating func sequence(at mark: YAMLMark, depth: Int) throws(YAMLError) -> YAMLNode {
    var elements: [YAMLNode] = []
    while true {
      let item = try reader.next()
      if item.event == .sequenceEnd {
        return YAMLNode(mark: mark, content: .sequence(elements))
      }
      elements.append(try node(item, depth: depth + 1))
    }
  }

  private mutating func mapping(at mark: YAMLMark, depth: Int) throws(YAMLError) -> YAMLNode {
    var entries: [YAMLEntry] = []
    var lines: [String: Int] = [:]
    while true {
      let item = try reader.next()
      if item.event == .mappingEnd {
        return YAMLNode(mark: mark, content: .mapping(entries))
      }
      let keyNode = try node(item, depth: depth + 1)
      let value = try node(try reader.next(), depth: depth + 1)
      guard case .scalar(let key) = keyNode.content else {
        errors.append(YAMLError(mark: keyNode.mark, message: "a key must be a plain text"))
        continue
      }
      if let first = lines[key.text] {
        errors.append(
          YAMLError(
            mark: keyNode.mark,
            message: "the key \(Quoted(key.text)) stands here twice, first in line \(first)"))
        continue
      }
      lines[key.text] = keyNode.mark.line
      entries.append(YAMLEntry(key: key.text, keyMark: keyNode.mark, value: value))
    }
  }
}
