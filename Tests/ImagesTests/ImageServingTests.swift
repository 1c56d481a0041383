import EventLoop
import HTTP
import OpenAIWire
import Testing

@testable import Images

@Suite("What is served, and what is refused")
struct ImageServingTests {
  @Test(
    "ranges of a file of ten bytes",
    arguments: [
      (nil, .whole), ("bytes=0-3", .part(0..<4)), ("bytes=5-", .part(5..<10)),
      ("bytes=-3", .part(7..<10)), ("bytes=0-99", .part(0..<10)), ("bytes=10-", .unsatisfiable),
      ("bytes=-0", .unsatisfiable), ("bytes=3-1", .whole), ("bytes=0-1,3-4", .whole),
      ("lines=0-3", .whole), ("bytes=a-b", .whole), ("bytes=-99", .part(0..<10)),
      ("bytes=0-9223372036854775807", .part(0..<10)),
      ("bytes=9-9223372036854775807", .part(9..<10)),
      ("bytes=9223372036854775807-", .unsatisfiable), ("bytes=0-9223372036854775808", .whole),
      ("bytes=-9223372036854775807", .part(0..<10)),
    ] as [(String?, ByteRange)])
  func ranges(header: String?, expected: ByteRange) {
    #expect(ByteRange(header, size: 10) == expected)
  }

  @Test("base64 goes there and back, also with what providers put into it")
  func base64() {
    for count in 0..<50 {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37) }
      var text: [UInt8] = []
      Base64.append(bytes, to: &text)
      #expect(Base64.decode(text[...]) == bytes)
    }
    func decode(_ text: String) -> [UInt8]? { Base64.decode(Array(text.utf8)[...]) }
    #expect(decode("data:image/png;base64,QUJD") == Array("ABC".utf8))
    #expect(decode("QUI") == Array("AB".utf8))
    #expect(decode("QU\\nJD") == Array("ABC".utf8))
    #expect(decode("\\/\\/\\/\\/") == [255, 255, 255])
    for wrong in ["Q", "Q?==", "QQ=Q", "====", "<html>"] {
      #expect(decode(wrong) == nil, "\(wrong)")
    }
  }

  @Test(
    "only addresses of the public Internet are public",
    arguments: [
      ("8.8.8.8", true), ("1.1.1.1", true), ("127.0.0.1", false), ("127.255.0.1", false),
      ("10.0.0.1", false), ("172.16.0.1", false), ("172.32.0.1", true), ("192.168.1.1", false),
      ("169.254.169.254", false), ("100.64.0.1", false), ("100.128.0.1", true), ("0.0.0.0", false),
      ("224.0.0.1", false), ("255.255.255.255", false), ("192.0.2.1", false), ("198.18.0.1", false),
      ("198.51.100.7", false), ("203.0.113.9", false), ("240.0.0.1", false), ("192.0.0.8", false),
      ("::", false), ("::1", false), ("fe80::1", false), ("fc00::1", false), ("fd12::1", false),
      ("ff02::1", false), ("2001:db8::1", false), ("2606:4700::1111", true),
      ("::ffff:127.0.0.1", false), ("::ffff:8.8.8.8", true), ("::ffff:10.1.1.1", false),
      ("::127.0.0.1", false), ("64:ff9b::7f00:1", false), ("64:ff9b::808:808", true),
      ("2002:7f00:1::", false), ("2002:808:808::", true), ("2001::1", false), ("100::1", false),
      ("64:ff9b:1::1", false), ("3fff::1", false), ("2a00:1450::1", true),
    ])
  func addresses(text: String, expected: Bool) throws {
    let address = try #require(SocketAddress(ip: text, port: 80))
    #expect(AddressGuard.isPublic(address.ipBytes) == expected)
  }

  @Test(
    "bodies that cannot be drawn from are refused with the field's name",
    arguments: [
      ("{}", "prompt"), ("{\"prompt\":\"\"}", "prompt"), ("{\"prompt\":\"x\",\"n\":0}", "n"),
      ("{\"prompt\":\"x\",\"n\":\"1\"}", "n"), ("{\"prompt\":\"x\",\"size\":\"big\"}", "size"),
      ("{\"prompt\":\"x\",\"size\":\"0x5\"}", "size"),
      ("{\"prompt\":\"x\",\"response_format\":\"gif\"}", "response_format"),
      ("{\"prompt\":\"x\",\"output_compression\":101}", "output_compression"),
      ("{\"prompt\":\"x\",\"stream\":\"yes\"}", "stream"),
      ("{\"prompt\":\"x\",\"partial_images\":4}", "partial_images"),
      ("{\"prompt\":\"x\",\"prompt\":\"y\"}", "prompt"),
      ("{\"prompt\":\"x\",\"easel\":{\"proposl\":\"y\"}}", "easel"),
      ("{\"easel\":{\"proposal\":7}}", "proposal"),
    ])
  func refused(body: String, field: String) {
    let error = #expect(throws: OpenAIError.self) {
      _ = try ImagesCall.generation(Array(body.utf8))
    }
    #expect(error?.status == 400 && error?.param == field)
  }
}
