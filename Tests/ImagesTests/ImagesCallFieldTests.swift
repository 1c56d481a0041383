import OpenAIWire
import Testing

@testable import Images

@Suite("Fields of a call of the images API")
struct ImagesCallFieldTests {
  @Test("what is unknown is named, within bounds; what is known is not")
  func unknown() throws {
    let known =
      #"{"prompt":"x","model":"m","n":1,"size":"auto","quality":"auto","style":"vivid","#
      + #""background":"auto","output_format":"png","output_compression":5,"moderation":"low","#
      + #""input_fidelity":"low","user":"u","negative_prompt":"y","seed":1,"steps":2,"#
      + #""guidance_scale":3,"response_format":"url","stream":true,"partial_images":1"#
    #expect(try ImagesCall.generation(Array((known + "}").utf8)).request.unknownFields.isEmpty)
    let call = try ImagesCall.generation(
      Array(
        (known + #","easel":{},"loras":[],"guidance":7,"aspect_ratio":"1:1","null":null}"#).utf8))
    #expect(call.request.unknownFields == ["loras", "guidance", "aspect_ratio"])
    let names = (0..<50).map { ",\"\(String(repeating: "x", count: 100))\($0)\":1" }.joined()
    let many = try ImagesCall.generation(Array(("{\"prompt\":\"x\"" + names + "}").utf8))
    #expect(many.request.unknownFields.count == 20)
    #expect(many.request.unknownFields.allSatisfy { $0.utf8.count == 64 })
    // An edit has no object of the gateway's own.
    let edit = try ImagesCall.edit(
      Array(#"{"prompt":"x","image":"https://a.test/b.png","easel":{}}"#.utf8), contentType: nil,
      imageLimit: 1000)
    #expect(edit.request.unknownFields == ["easel"])
  }

  @Test(
    "none may stand twice",
    arguments: [
      "stream", "response_format", "seed", "negative_prompt", "output_format", "easel", "prompt",
    ])
  func twice(name: String) {
    let body = "{\"prompt\":\"x\",\"\(name)\":null,\"\(name)\":null}"
    let error = #expect(throws: OpenAIError.self) {
      try ImagesCall.generation(Array(body.utf8))
    }
    #expect(error?.status == 400 && error?.param == name)
  }

  @Test("a body of more fields than any request has is refused")
  func bound() throws {
    func body(_ count: Int) -> [UInt8] {
      Array(("{\"prompt\":\"x\"" + String(repeating: ",\"a\":0", count: count - 1) + "}").utf8)
    }
    #expect(try ImagesCall.generation(body(4096)).request.prompt == "x")
    let error = #expect(throws: OpenAIError.self) { try ImagesCall.generation(body(4097)) }
    #expect(error?.status == 400)
  }
}
