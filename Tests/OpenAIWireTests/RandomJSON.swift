import SeededRandom

/// Random JSON texts in all spellings the grammar has, and random damage to them.
struct RandomJSON {
  var generator: SeededGenerator

  init(seed: UInt64) { generator = SeededGenerator(seed) }

  mutating func below(_ bound: Int) -> Int { generator.below(bound) }

  mutating func pick<T>(_ choices: [T]) -> T { generator.pick(choices) }

  mutating func text(depth: Int = 4) -> [UInt8] {
    var out = ""
    space(&out)
    value(&out, depth)
    space(&out)
    return Array(out.utf8)
  }

  /// `text` with one to three random edits.
  mutating func mutated(_ text: [UInt8]) -> [UInt8] {
    var bytes = text
    for _ in 0...below(3) {
      let at = below(bytes.count + 1)
      switch below(4) {
      case 0 where at < bytes.count: bytes.remove(at: at)
      case 1 where at < bytes.count: bytes[at] = UInt8(below(256))
      case 2:
        bytes.insert(pick(Array("{}[]\",:\\0e.-utn \u{1}".utf8) + [0x80, 0xED, 0xF0]), at: at)
      default:
        let end = min(bytes.count, at + below(5))
        bytes.insert(contentsOf: bytes[at..<end], at: at)
      }
    }
    return bytes
  }

  mutating func value(_ out: inout String, _ depth: Int) {
    switch below(depth > 0 ? 8 : 5) {
    case 0: out += pick(["true", "false", "null"])
    case 1, 2: number(&out)
    case 3, 4: string(&out)
    case 5, 6: container(&out, "{", "}", depth, keyed: true)
    default: container(&out, "[", "]", depth, keyed: false)
    }
  }

  private mutating func container(
    _ out: inout String, _ open: String, _ close: String, _ depth: Int, keyed: Bool
  ) {
    out += open
    space(&out)
    for index in 0..<below(5) {
      if index > 0 { out += "," }
      space(&out)
      if keyed {
        string(&out)
        space(&out)
        out += ":"
        space(&out)
      }
      value(&out, depth - 1)
      space(&out)
    }
    out += close
  }

  private mutating func number(_ out: inout String) {
    out += pick(["", "-"]) + pick(["0", "7", "10", "123456789", "9007199254740993"])
    out += pick(["", "", ".0", ".25", ".001"]) + pick(["", "", "e3", "E-2", "e+10"])
  }

  private mutating func string(_ out: inout String) {
    out += "\""
    for _ in 0..<below(6) {
      out += pick([
        "a", "model", "\\n", "\\\"", "\\\\", "\\/", "\\u0041", "\\ud83d\\ude00", "é", "€", "😀",
        "a plain stretch of text", "\u{7F}", "\\u0000", "]", "}", ",", ":",
      ])
    }
    out += "\""
  }

  private mutating func space(_ out: inout String) {
    if below(4) == 0 { out += pick([" ", "\n", "\t", "\r\n", "  "]) }
  }
}
