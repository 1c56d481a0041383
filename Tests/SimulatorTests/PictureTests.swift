import Testing

@testable import Simulator

@Suite("Simulated pictures")
struct PictureTests {
  @Test(
    "a picture is a PNG of its size, the same for the same prompt",
    arguments: ["a fox", "été 狐", ""])
  func png(prompt: String) throws {
    let picture = SimulatedPicture(width: 64, height: 32, prompt: prompt, details: ["64x32"])
    let bytes = try #require(picture.png())
    #expect(bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]))
    #expect(Array(bytes[16..<24]) == [0, 0, 0, 64, 0, 0, 0, 32])
    #expect(bytes == picture.png())
  }

  @Test(
    "a text is answered in words, a wish for a picture with a call",
    arguments: [
      ("hello", false), ("draw a fox", true), ("what is a logo?", true), ("tell me more", false),
    ])
  func decides(text: String, draws: Bool) {
    #expect(Words(text).askForPicture == draws)
  }

  @Test("words keep their spaces, so that the pieces add up to the text")
  func pieces() {
    #expect(ChatChunks.pieces("a b  c") == ["a", " b", " ", " c"])
    #expect(ChatChunks.pieces("").isEmpty)
  }
}
