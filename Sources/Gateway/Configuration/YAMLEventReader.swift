private import CYAML

/// The one place that calls libyaml: gives the events of a YAML text as Swift values.
///
/// Unsafe code here is C glue: libyaml keeps the address of its parser and of the text, so both
/// live in allocations that this value owns and frees.
struct YAMLEventReader: ~Copyable {
  enum Event: Hashable {
    case documentStart
    case scalar(YAMLScalar)
    case sequenceStart
    case sequenceEnd
    case mappingStart
    case mappingEnd
    case alias
    case streamEnd
    case other
  }

  /// An event, where it begins, and what of YAML it uses that a configuration may not.
  struct Item: Hashable {
    var event: Event
    var mark: YAMLMark
    var hasAnchor = false
    var hasTag = false
  }

  private let parser: UnsafeMutablePointer<yaml_parser_t>
  private let text: UnsafeMutableBufferPointer<UInt8>

  /// Prepares to read `bytes`, which must be UTF-8.
  init(_ bytes: [UInt8]) throws(YAMLError) {
    let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
    guard yaml_parser_initialize(parser) == 1 else {
      parser.deallocate()
      throw YAMLError(mark: nil, message: "there is not enough memory to read it")
    }
    // The parser points into the text for as long as it lives, so it gets a copy that stays put.
    let text = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count)
    _ = text.initialize(from: bytes)
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    yaml_parser_set_input_string(parser, text.baseAddress, bytes.count)
    self.parser = parser
    self.text = text
  }

  deinit {
    yaml_parser_delete(parser)
    parser.deallocate()
    text.deallocate()
  }

  /// The next event; after ``Event/streamEnd`` there is none.
  mutating func next() throws(YAMLError) -> Item {
    var event = yaml_event_t()
    guard yaml_parser_parse(parser, &event) == 1 else { throw error() }
    defer { yaml_event_delete(&event) }
    var item = Item(event: .other, mark: Self.mark(event.start_mark))
    switch event.type {
    case YAML_DOCUMENT_START_EVENT: item.event = .documentStart
    case YAML_STREAM_END_EVENT: item.event = .streamEnd
    case YAML_ALIAS_EVENT: item.event = .alias
    case YAML_SEQUENCE_START_EVENT:
      item.event = .sequenceStart
      item.hasAnchor = event.data.sequence_start.anchor != nil
      item.hasTag = event.data.sequence_start.tag != nil
    case YAML_SEQUENCE_END_EVENT: item.event = .sequenceEnd
    case YAML_MAPPING_START_EVENT:
      item.event = .mappingStart
      item.hasAnchor = event.data.mapping_start.anchor != nil
      item.hasTag = event.data.mapping_start.tag != nil
    case YAML_MAPPING_END_EVENT: item.event = .mappingEnd
    case YAML_SCALAR_EVENT:
      let scalar = event.data.scalar
      // libyaml owns the text until the event is deleted; it is copied here.
      let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
      item.event = .scalar(
        YAMLScalar(
          text: String(decoding: bytes, as: UTF8.self),
          isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE))
      item.hasAnchor = scalar.anchor != nil
      item.hasTag = scalar.tag != nil
    default: break
    }
    return item
  }

  private func error() -> YAMLError {
    let state = parser.pointee
    let problem = state.problem.map { String(cString: $0) } ?? "it cannot be read"
    if state.error == YAML_READER_ERROR {
      let before = text.prefix(state.problem_offset)
      let line = before.count { $0 == UInt8(ascii: "\n") } + 1
      return YAMLError(mark: YAMLMark(line: line, column: 1), message: problem)
    }
    let context = state.context.map { " (\(String(cString: $0)))" } ?? ""
    return YAMLError(mark: Self.mark(state.problem_mark), message: problem + context)
  }

  private static func mark(_ mark: yaml_mark_t) -> YAMLMark {
    YAMLMark(line: Int(mark.line) + 1, column: Int(mark.column) + 1)
  }
}
