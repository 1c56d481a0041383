import Foundation
import SeededRandom

/// What the command line asks for.
struct FuzzOptions {
  var iterations = 1_000_000
  var seed: UInt64 = 1
  var targets = FuzzTarget.all

  static let usage = "usage: fuzz [--iterations N] [--seed S] [--target http|json|sse|all]"

  /// Nil where the arguments are not understood.
  init?(_ arguments: [String]) {
    var rest = arguments[...]
    while let name = rest.popFirst() {
      guard let value = rest.popFirst() else { return nil }
      switch name {
      case "--iterations":
        guard let count = Int(value), count > 0 else { return nil }
        iterations = count
      case "--seed":
        guard let number = UInt64(value) else { return nil }
        seed = number
      case "--target" where value == "all": targets = FuzzTarget.all
      case "--target":
        targets = FuzzTarget.all.filter { $0.name == value }
        if targets.isEmpty { return nil }
      default: return nil
      }
    }
  }
}

extension FuzzOptions {
  /// Feeds the targets and prints every disagreement, with the input as base64.
  /// - Returns: how many there were; ten end the run.
  func run() -> Int {
    var disagreements = 0
    var inputs = 0
    for target in targets {
      var random = SeededGenerator(seed)
      for _ in 0..<iterations where disagreements < 10 {
        let input = target.mutator.input(&random)
        inputs += 1
        if let what = target.disagreement(on: input, &random) {
          disagreements += 1
          print("\(target.name): \(what)\n  \(Data(input).base64EncodedString())")
        }
      }
    }
    print("\(inputs) inputs, \(disagreements) disagreements")
    return disagreements
  }
}

/// A reader that is held against its reference.
struct FuzzTarget: Sendable {
  let name: String
  let mutator: Mutator
  let check: @Sendable ([UInt8], inout SeededGenerator) throws -> Void

  func disagreement(on input: [UInt8], _ random: inout SeededGenerator) -> String? {
    do {
      try check(input, &random)
      return nil
    } catch {
      return "\(error)"
    }
  }

  static let all = [
    FuzzTarget(
      name: "http", mutator: Mutator(seeds: httpSeeds, tokens: httpTokens), check: fuzzHTTP),
    FuzzTarget(
      name: "json", mutator: Mutator(seeds: jsonSeeds, tokens: jsonTokens),
      check: { input, _ in try fuzzJSON(input) }),
    FuzzTarget(
      name: "sse", mutator: Mutator(seeds: sseSeeds, tokens: sseTokens),
      check: { input, _ in try fuzzSSE(input) }),
  ]

  private static let jsonTokens: [[UInt8]] =
    [
      "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "\\ud83d", "\\ude00", "\\u0000", "true",
      "false", "null", "0", "-", "+", ".", "e", "E+1", "00", " ", "\n", "\t", "\u{FEFF}", "é", "😀",
      "[[[[[[[[", "{\"a\":", "\"a\":1,", "\0", "\u{7F}", "\u{B}",
    ].map { Array($0.utf8) } + [
      [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2],
    ]

  private static let sseTokens: [[UInt8]] =
    [
      "\n", "\r", "\r\n", "\n\n", "\r\r", "\r\n\r\n", ":", ": ", " ", "data", "data:", "data: x\n",
      "event: y\n", "event:", "id: 1\n", "id\n", "retry: 9\n", "retry: 99999999999999999999\n",
      "\u{FEFF}", "\0", "é", "[DONE]", ": comment\n\n",
    ].map { Array($0.utf8) } + [[0xEF], [0xEF, 0xBB], [0xFF]]
}
