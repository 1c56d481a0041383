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

  @Test("what another operation has is unknown to this one")
  func foreign() throws {
    let pictures = #""image":"https://a.test/b.png","images":[],"mask":"https://a.test/m.png""#
    let generation = try ImagesCall.generation(Array("{\"prompt\":\"x\",\(pictures)}".utf8))
    #expect(generation.request.unknownFields == ["image", "images", "mask"])
    let variation = try ImagesCall.variation(
      Self.form(#"name="prompt""#, "x"), contentType: Self.formType, imageLimit: 1 << 20)
    #expect(variation.request.unknownFields == ["prompt"])
    for name in ["image", "image[]", "images", "mask"] {
      let error = #expect(throws: OpenAIError.self) {
        try ImagesCall.variation(
          Self.form("name=\"\(name)\"", "data:image/png;base64,AAAA"), contentType: Self.formType,
          imageLimit: 1 << 20)
      }
      #expect(error?.status == 400 && error?.message.contains("must be a file") == true)
    }
  }

  private static let formType = "multipart/form-data; boundary=b"

  /// A form with a picture and one further field.
  private static func form(_ field: String, _ text: String) throws -> [UInt8] {
    let picture = try AdapterProbe.picture().bytes
    return Array("--b\r\ncontent-disposition: form-data; \(field)\r\n\r\n\(text)\r\n".utf8)
      + Array(
        ("--b\r\ncontent-disposition: form-data; name=\"image\"; filename=\"a.png\"\r\n\r\n").utf8)
      + picture + Array("\r\n--b--\r\n".utf8)
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
