import OpenAIWire
import Testing

@testable import Images

@Suite("ComfyUI workflows")
struct ComfyWorkflowTests {
  private static let values: [String: ComfyWorkflow.Value] = [
    "prompt": .text("a \"fox\"\\\n{{seed}}"), "seed": .integer(7), "guidance": .number(1.5),
    "empty": .text(""),
  ]

  @Test(
    "placeholders are filled where they stand",
    arguments: [
      (#"{"a":"{{prompt}}"}"#, #"{"a":"a \"fox\"\\\n{{seed}}"}"#),
      (#"{"a":"so: {{prompt}}, {{seed}}"}"#, #"{"a":"so: a \"fox\"\\\n{{seed}}, 7"}"#),
      (#"{"a":{{prompt}}}"#, #"{"a":"a \"fox\"\\\n{{seed}}"}"#),
      (#"{"a":{{seed}},"b":{{guidance}}}"#, #"{"a":7,"b":1.5}"#),
      (#"{"a":"{{seed}}","b":[1,"{{guidance}}"]}"#, #"{"a":7,"b":[1,1.5]}"#),
      (#"{"a":"{{seed}} ","b":" {{seed}}"}"#, #"{"a":"7 ","b":" 7"}"#),
      (#"{"a":"{{seed}}{{seed}}"}"#, #"{"a":"77"}"#),
      (#"{"a":"\"{{seed}}\""}"#, #"{"a":"\"7\""}"#),
      (#"{"a":"\\","b":"{{seed}}"}"#, #"{"a":"\\","b":7}"#),
      (#"{"a":"{{empty}}"}"#, #"{"a":""}"#),
      (
        #"{"a":"{{unknown}} {{}} {x|y} {{ seed }} {{{seed}}}"}"#,
        #"{"a":"{{unknown}} {{}} {x|y} {{ seed }} {7}"}"#
      ),
    ])
  func filled(template: String, result: String) throws {
    let bytes = try #require(ComfyWorkflow(template).filled(with: Self.values))
    #expect(String(decoding: bytes, as: UTF8.self) == result)
  }

  @Test(
    "what is no JSON object is refused",
    arguments: ["", "[]", "{", #"{"a":{{unknown}}}"#, #"{"a":"{{seed}"#, "{{seed}}", "{{"])
  func refused(template: String) {
    #expect(ComfyWorkflow(template).filled(with: Self.values) == nil)
  }

  @Test(
    "no text gets out of its string",
    arguments: [
      #"", "b": "injected"#, #"\"#, #"\", "b": 1, "c": ""#, "\u{0}\n\r\t\u{1F}\"", "\u{2028}🦊",
      #"}}"#, #"{{seed}}"#, #"{{prompt}}"#,
    ])
  func contained(text: String) throws {
    for template in [#"{"a":"{{prompt}}"}"#, #"{"a":{{prompt}}}"#] {
      let bytes = try #require(ComfyWorkflow(template).filled(with: ["prompt": .text(text)]))
      let object = try JSONSlice.parse(bytes)
      #expect(object.members.map(\.key) == ["a"])
      #expect(object["a"]?.string == text)
    }
  }

  @Test("placeholders are found")
  func uses() {
    let workflow = ComfyWorkflow(#"{"a":"{{seed}}","b":"{{ steps }}"}"#)
    #expect(workflow.uses("seed"))
    #expect(!workflow.uses("steps"))
    #expect(!workflow.uses("see"))
  }
}
