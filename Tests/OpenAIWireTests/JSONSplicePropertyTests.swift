import OpenAIWire
import Testing

/// Random edits are made to the text by a splice and to a tree by hand; both must agree.
@Suite("JSON splices against a tree")
struct JSONSplicePropertyTests {
  private let nine = Array("[9]".utf8)

  /// Edits `slice` at random, and returns what its tree must be afterwards.
  private func edit(
    _ slice: JSONSlice, _ splice: inout JSONSplice, _ source: inout RandomJSON
  ) throws -> ReferenceJSON {
    let nine = try #require(ReferenceJSON.read(nine))
    switch slice.kind {
    case .object where source.below(4) > 0:
      var members: [ReferenceJSON.Member] = []
      for member in slice.entries {
        if source.below(3) == 0 {
          splice.delete(member)
          continue
        }
        let value = try edit(JSONSlice(member, in: slice.bytes), &splice, &source)
        members.append(.init(key: Array(member.name(in: slice.bytes).utf8), value: value))
      }
      for _ in 0..<max(0, source.below(4) - 1) {
        splice.append(key: "new\n", value: self.nine, to: slice)
        members.append(.init(key: Array("new\n".utf8), value: nine))
      }
      return .object(members)
    case .array where source.below(4) > 0:
      var elements: [ReferenceJSON] = []
      for (index, element) in slice.elements.enumerated() {
        for _ in 0..<max(0, source.below(5) - 2) {
          splice.insert(element: self.nine, at: index, in: slice)
          elements.append(nine)
        }
        if source.below(3) == 0 {
          splice.delete(element: element)
        } else {
          elements.append(try edit(element, &splice, &source))
        }
      }
      for _ in 0..<max(0, source.below(4) - 1) {
        splice.append(element: self.nine, to: slice)
        elements.append(nine)
      }
      return .array(elements)
    default:
      if source.below(4) == 0 {
        splice.replace(slice, with: self.nine)
        return nine
      }
      return try #require(ReferenceJSON.read(Array(slice.raw)))
    }
  }

  @Test("what is spliced reads as the tree that was edited alike", arguments: 1...8)
  func random(seed: UInt64) throws {
    var source = RandomJSON(seed: seed &* 104_729)
    for _ in 0..<200 {
      let text = source.text()
      var splice = JSONSplice(text)
      let expected = try edit(JSONSlice.parse(text), &splice, &source)
      let result = try splice.apply()
      #expect(
        ReferenceJSON.read(result, maxDepth: 200) == expected,
        "\(String(decoding: text, as: UTF8.self)) -> \(String(decoding: result, as: UTF8.self))")
    }
  }
}
