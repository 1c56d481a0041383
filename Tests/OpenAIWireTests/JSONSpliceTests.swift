import OpenAIWire
import Testing

@Suite("JSON splices")
struct JSONSpliceTests {
  private func edit(_ text: String, _ body: (inout JSONSplice, JSONSlice) -> Void) throws -> String
  {
    let bytes = Array(text.utf8)
    var splice = JSONSplice(bytes)
    body(&splice, try JSONSlice.parse(bytes))
    return String(decoding: try splice.apply(), as: UTF8.self)
  }

  @Test(
    "members are deleted with their commas",
    arguments: [
      ("a", #"{ "b" : 2 , "c":3 }"#), ("b", #"{ "a":1, "c":3 }"#), ("c", #"{ "a":1, "b" : 2  }"#),
      ("ab", #"{ "c":3 }"#), ("bc", #"{ "a":1 }"#), ("ac", #"{ "b" : 2  }"#), ("abc", "{  }"),
      ("", #"{ "a":1, "b" : 2 , "c":3 }"#),
    ])
  func delete(keys: String, result: String) throws {
    let found = try edit(#"{ "a":1, "b" : 2 , "c":3 }"#) { splice, root in
      for member in root.entries where keys.contains(member.name(in: root.bytes)) {
        splice.delete(member)
      }
    }
    #expect(found == result)
  }

  @Test(
    "members are appended to objects, empty ones too",
    arguments: [
      ("{}", #"{"x":1,"y":"é\""}"#), (" { } ", #" {"x":1,"y":"é\"" } "#),
      (#"{"a":[]}"#, #"{"a":[],"x":1,"y":"é\""}"#),
      ("{\n  \"a\": 1\n}\n", "{\n  \"a\": 1,\"x\":1,\"y\":\"é\\\"\"\n}\n"),
    ])
  func append(text: String, result: String) throws {
    let found = try edit(text) { splice, _ in
      splice.append(key: "x", value: Array("1".utf8))
      splice.append(key: "y", value: JSONWriter.string("é\""))
    }
    #expect(found == result)
  }

  @Test("edits of nested containers go together, and leave the rest byte for byte")
  func nested() throws {
    let text = #"{ "easel":{}, "tools" : [ {"a":1.0} ],"opts":{"x":1e5},"stream":true}"#
    let found = try edit(text) { splice, root in
      for member in root.entries where member.isNamed("easel", in: root.bytes) {
        splice.delete(member)
      }
      if let tools = root["tools"] { splice.append(element: Array("{}".utf8), to: tools) }
      if let opts = root["opts"] {
        splice.append(key: "y", value: Array("2".utf8), to: opts)
      }
      if let stream = root["stream"] { splice.replace(stream, with: Array("false".utf8)) }
      splice.append(key: "n", value: Array("1".utf8))
    }
    #expect(
      found == #"{ "tools" : [ {"a":1.0},{} ],"opts":{"x":1e5,"y":2},"stream":false,"n":1}"#)
  }

  @Test("a deleted container may be replaced by an appended member")
  func deleteThenAppend() throws {
    let found = try edit(#"{"a":1}"#) { splice, root in
      root.entries.forEach { splice.delete($0) }
      splice.append(key: "b", value: Array("2".utf8))
    }
    #expect(found == #"{"b":2}"#)
  }

  @Test("elements are inserted before others, at the ends, and into nothing")
  func insert() throws {
    func insert(_ text: String, _ index: Int) throws -> String {
      try edit(text) { splice, root in
        splice.insert(element: Array("9".utf8), at: index, in: root)
      }
    }
    #expect(try insert("[1, 2]", 0) == "[9,1, 2]")
    #expect(try insert("[1, 2]", 1) == "[1, 9,2]")
    #expect(try insert("[1, 2 ]", 2) == "[1, 2,9 ]")
    #expect(try insert("[ ]", 0) == "[9 ]")
  }

  @Test("overlapping edits are refused")
  func overlap() throws {
    let text = #"{"a":{"b":[1,2]},"c":3}"#
    let bytes = Array(text.utf8)
    let root = try JSONSlice.parse(bytes)
    let inner = try #require(root["a"]?["b"])
    let first = try #require(root.entries.first { _ in true })
    let edits: [(inout JSONSplice) -> Void] = [
      { $0.replace(first.value, with: []) }, { $0.append(element: [], to: inner) },
      { $0.insert(element: [], at: 1, in: inner) }, { $0.replace(inner, with: []) },
      { $0.delete(first) },
    ]
    for edit in edits {
      var splice = JSONSplice(bytes)
      splice.delete(first)
      edit(&splice)
      #expect(throws: JSONSpliceError.self) { try splice.apply() }
    }
    var splice = JSONSplice(bytes)
    splice.replace(5..<10, with: [])
    splice.replace(9..<12, with: [])
    #expect(throws: JSONSpliceError.overlap(offset: 9)) { try splice.apply() }
  }

  @Test("edits outside the text, or of the wrong kind of container, are refused")
  func misuse() throws {
    let bytes = Array(#"{"a":[1],"b":2}"#.utf8)
    let root = try JSONSlice.parse(bytes)
    let array = try #require(root["a"])
    let edits: [((inout JSONSplice) -> Void, JSONSpliceError)] = [
      ({ $0.replace(10..<99, with: []) }, .outOfBounds(10..<99)),
      ({ $0.append(element: [], to: root) }, .wrongContainer(offset: 0)),
      ({ $0.append(key: "x", value: [], to: array) }, .wrongContainer(offset: 5)),
      ({ $0.insert(element: [], before: array) }, .wrongContainer(offset: 5)),
      ({ $0.delete(element: array) }, .wrongContainer(offset: 5)),
    ]
    for (edit, error) in edits {
      var splice = JSONSplice(bytes)
      edit(&splice)
      #expect(!splice.isEmpty)
      #expect(throws: error) { try splice.apply() }
    }
  }

  @Test("without edits the bytes come back as they are")
  func nothing() throws {
    let splice = JSONSplice(Array(" {} ".utf8))
    #expect(splice.isEmpty)
    #expect(try splice.apply() == Array(" {} ".utf8))
  }
}
