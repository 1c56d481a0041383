import Testing

@testable import Gateway

@Suite("YAML")
struct ConfigurationYAMLTests {
  private func errors(_ text: String) -> [YAMLError] {
    YAMLComposer.compose(Array(text.utf8)).errors
  }

  private func value(_ text: String) -> YAMLScalar.Value? {
    guard case .mapping(let entries) = YAMLComposer.compose(Array("k: \(text)".utf8)).root?.content,
      case .scalar(let scalar) = entries.first?.value.content
    else { return nil }
    return scalar.value
  }

  @Test(
    "scalars are read by the core schema; quoted ones are strings",
    arguments: [
      ("", YAMLScalar.Value.null), ("~", .null), ("null", .null), ("Null", .null),
      ("nUll", .string),
      ("true", .bool(true)), ("False", .bool(false)), ("TRUE", .bool(true)), ("tRUE", .string),
      ("yes", .string), ("no", .string), ("on", .string), ("off", .string), ("y", .string),
      ("0", .int(0)), ("007", .int(7)), ("+12", .int(12)), ("-3", .int(-3)), ("0x1F", .int(31)),
      ("0o17", .int(15)), ("1_000", .string), ("0b11", .string), ("1:30", .string),
      ("9223372036854775807", .int(.max)),
      ("1.5", .double(1.5)), ("-.5", .double(-0.5)), ("+1.", .double(1)), ("1e3", .double(1000)),
      (".inf", .double(.infinity)), ("-.Inf", .double(-.infinity)), (".", .string),
      ("1e", .string), ("inf", .string), ("0x", .string), ("0xfg", .string), ("1.2.3", .string),
      ("'1'", .string), ("\"true\"", .string), ("'~'", .string), ("''", .string),
      ("|\n  1", .string), (">\n  true", .string), ("127.0.0.1:80", .string),
    ])
  func scalars(text: String, expected: YAMLScalar.Value) {
    #expect(value(text) == expected)
  }

  @Test("a number of more than 64 bits is read as a floating-point number, as in the core schema")
  func largeNumber() {
    #expect(value("9223372036854775808") == .double(9_223_372_036_854_775_808))
  }

  @Test("every key and value knows its line and column")
  func marks() {
    let root = YAMLComposer.compose(Array("# first\na:\n  - {b: 'é', cc: 1}\n".utf8)).root
    guard case .mapping(let top) = root?.content,
      case .sequence(let list) = top.first?.value.content,
      case .mapping(let entries) = list.first?.content
    else {
      Issue.record("the tree is not as it is written")
      return
    }
    #expect(top.first?.keyMark == YAMLMark(line: 2, column: 1))
    #expect(list.first?.mark == YAMLMark(line: 3, column: 5))
    #expect(
      entries.map(\.keyMark) == [YAMLMark(line: 3, column: 6), YAMLMark(line: 3, column: 14)])
    #expect(entries.last?.value.mark == YAMLMark(line: 3, column: 18))
  }

  @Test("escapes, folds and literal blocks are resolved")
  func texts() {
    let text = "a: \"x\\u00e9\\n\"\nb: 'it''s'\nc: |\n  1\n  2\nd: >-\n  1\n  2\n"
    guard case .mapping(let entries) = YAMLComposer.compose(Array(text.utf8)).root?.content else {
      Issue.record("no mapping")
      return
    }
    let texts = entries.map { entry in
      if case .scalar(let scalar) = entry.value.content { scalar.text } else { "" }
    }
    #expect(texts == ["xé\n", "it's", "1\n2\n", "1 2"])
  }

  @Test(
    "what a configuration must not use is refused, with its line",
    arguments: [
      ("a: &x 1", 1, "anchors (&name) are not allowed"),
      ("a:\n  - &x {b: 1}", 2, "anchors (&name) are not allowed"),
      ("a: &x [1]", 1, "anchors (&name) are not allowed"),
      ("a: *x", 1, "aliases (*name) are not allowed"),
      ("a: !!str 1", 1, "tags (!name) are not allowed"),
      ("a: 1\n\nb: 2\na: 3", 4, "the key 'a' stands here twice, first in line 1"),
      ("a: {b: 1, 'b': 2}", 1, "the key 'b' stands here twice, first in line 1"),
      ("? [a]\n: b", 1, "a key must be a plain text"),
      ("a: 1\n---\nb: 2", 2, "only one YAML document is allowed in a file"),
      (
        "a: 1\n\tb: 2", 2,
        "found a tab character that violates indentation (while scanning a plain scalar)"
      ),
      ("a: b: c", 1, "mapping values are not allowed in this context"),
      ("a: [1, 2", 2, "did not find expected ',' or ']' (while parsing a flow sequence)"),
      ("a: \"x", 1, "found unexpected end of stream (while scanning a quoted scalar)"),
      ("a: 1\nb: \u{1}", 2, "control characters are not allowed"),
    ])
  func refused(text: String, line: Int, message: String) {
    #expect(errors(text).first?.message == message)
    #expect(errors(text).first?.mark?.line == line)
    #expect(YAMLComposer.compose(Array(text.utf8)).root == nil)
  }

  @Test("all refused parts are reported together")
  func allRefused() {
    #expect(errors("a: &x 1\nb: *x\na: 2").map { $0.mark?.line } == [1, 2, 3])
  }

  @Test("text that is not UTF-8 is refused, with its line")
  func encoding() {
    let error = YAMLComposer.compose(Array("a: 1\nb: ".utf8) + [0xFF, 0x0A]).errors.first
    #expect(error == YAMLError(mark: YAMLMark(line: 2, column: 1), message: "is not UTF-8 text"))
    let utf16 = YAMLComposer.compose([0xFF, 0xFE, 0x61, 0x00]).errors.first
    #expect(utf16?.message == "is not UTF-8 text")
  }

  @Test("a byte order mark at the start is skipped")
  func byteOrderMark() {
    let (root, errors) = YAMLComposer.compose([0xEF, 0xBB, 0xBF] + Array("a: 1".utf8))
    #expect(errors.isEmpty)
    guard case .mapping(let entries) = root?.content else {
      Issue.record("no mapping")
      return
    }
    #expect(entries.map(\.key) == ["a"])
  }

  @Test("an empty text is empty, not wrong", arguments: ["", "\n\n", "# nothing\n", "---\n"])
  func empty(text: String) throws {
    #expect(errors(text).isEmpty)
    #expect(try load(text, environment: ["OPENAI_API_KEY": "k"]).upstreams.count == 1)
  }

  @Test("nesting is bounded")
  func depth() {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    #expect(errors(nested(64)).isEmpty)
    #expect(errors(nested(65)).first?.message == "is nested more than 64 levels deep")
    #expect(!errors(nested(100_000)).isEmpty)
  }

  @Test("size is bounded")
  func size() {
    let bytes = [UInt8](repeating: UInt8(ascii: "#"), count: 1024 * 1024)
    #expect(YAMLComposer.compose(bytes).errors.isEmpty)
    #expect(YAMLComposer.compose(bytes + [0x23]).errors.first?.message == "is larger than 1MiB")
  }

  @Test("a file that is no mapping is refused")
  func notAMapping() {
    #expect(
      faults("- a") == ["easel.yaml:1: is a list; a mapping of keys and values is needed"])
    #expect(
      faults("hello") == ["easel.yaml:1: is a single value; a mapping of keys and values is needed"]
    )
  }

  @Test("keys without a value leave the defaults")
  func nullValues() throws {
    let configuration = try load(validUpstream + "limits:\nlog:\n  level:\naliases:\ntls: ~\n")
    #expect(configuration.limits == LimitsConfiguration())
    #expect(configuration.log == LogConfiguration())
    #expect(configuration.tls == nil)
  }
}
