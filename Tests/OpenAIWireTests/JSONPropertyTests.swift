import Foundation
import OpenAIWire
import Testing

/// Foundation is the second opinion. It is known to be more lenient or stricter in these points,
/// where the reference reader alone decides: a byte order mark and UTF-16 or UTF-32 are detected
/// and decoded, a lone surrogate escape is refused, a number that overflows a double is refused,
/// nesting is bounded
/// at 512, and which of several duplicates wins is not defined.
@Suite("JSON against other readers")
struct JSONPropertyTests {
  private func foundation(_ bytes: [UInt8]) -> Any? {
    try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
  }

  /// Whether Foundation read the same. Numbers of more than 15 digits it reads through a decimal,
  /// which costs the last bit.
  private func agrees(_ slice: JSONSlice, _ object: Any) -> Bool {
    switch slice.kind {
    case .object:
      guard let object = object as? [String: Any] else { return false }
      let members = Array(slice.members)
      return object.count == members.count
        && members.allSatisfy { key, value in object[key].map { agrees(value, $0) } ?? false }
    case .array:
      guard let array = object as? [Any] else { return false }
      let elements = Array(slice.elements)
      return array.count == elements.count && zip(elements, array).allSatisfy(agrees)
    case .string: return slice.string == object as? String
    case .number:
      guard let ours = slice.double, let theirs = (object as? NSNumber)?.doubleValue else {
        return false
      }
      return (ours - theirs).magnitude <= ours.magnitude * 1e-15
    case .true, .false: return slice.bool == object as? Bool
    case .null: return object is NSNull
    }
  }

  @Test("random texts are accepted and read as Foundation reads them", arguments: 1...8)
  func random(seed: UInt64) throws {
    var source = RandomJSON(seed: seed)
    for _ in 0..<150 {
      let text = source.text()
      try fuzzJSON(text)
      let slice = try JSONSlice.parse(text)
      let object = try #require(foundation(text))
      if !hasDuplicates(slice) {
        #expect(agrees(slice, object), "\(String(decoding: text, as: UTF8.self))")
      }
    }
  }

  @Test("a text that breaks off is said to be wrong at its end, wherever it does", arguments: 1...8)
  func brokenOff(seed: UInt64) {
    var source = RandomJSON(seed: seed)
    for _ in 0..<50 {
      let text = source.text()
      for count in 0..<text.count {
        do throws(JSONError) {
          try JSONScanner.validate(Array(text[..<count]))
        } catch {
          #expect(error.offset == count, "\(String(decoding: text[..<count], as: UTF8.self))")
        }
      }
    }
  }

  private func hasDuplicates(_ slice: JSONSlice) -> Bool {
    let keys = slice.members.map(\.key)
    return Set(keys).count < keys.count || slice.members.contains { hasDuplicates($0.value) }
      || slice.elements.contains(where: hasDuplicates)
  }

  /// Whether a value holds an escaped surrogate, or a number that no double holds.
  private func isBeyondFoundation(_ slice: JSONSlice) -> Bool {
    slice.raw.contains("\\ud") || slice.raw.contains("\\uD")
      || slice.kind == .number && slice.double == nil
      || slice.members.contains { isBeyondFoundation($0.value) }
      || slice.elements.contains(where: isBeyondFoundation)
  }

  @Test("damaged texts are judged as the reference and Foundation judge them", arguments: 1...8)
  func mutated(seed: UInt64) throws {
    var source = RandomJSON(seed: seed &* 7919)
    var accepted = 0
    var refused = 0
    for _ in 0..<400 {
      let text = source.mutated(source.text(depth: 3))
      #expect(throws: Never.self, "\(text)") { try fuzzJSON(text) }
      let isValid = (try? JSONScanner.validate(text)) != nil
      if isValid { accepted += 1 } else { refused += 1 }
      let isValidThere = foundation(text) != nil
      if isValid, !isValidThere {
        let slice = try JSONSlice.parse(text)
        #expect(isBeyondFoundation(slice), "\(String(decoding: text, as: UTF8.self))")
      }
      if !isValid, isValidThere {
        #expect(text.contains(0) || text.first == 0xEF, "\(text)")
      }
    }
    #expect(accepted > 20 && refused > 100)
  }

  @Test("every seed of the fuzzer, and damage to it, is read alike by all readers")
  func seeds() throws {
    var source = RandomJSON(seed: 42)
    for seed in jsonSeeds {
      try fuzzJSON(seed)
      for _ in 0..<100 {
        let text = source.mutated(seed)
        #expect(throws: Never.self, "\(text)") { try fuzzJSON(text) }
      }
    }
  }
}
