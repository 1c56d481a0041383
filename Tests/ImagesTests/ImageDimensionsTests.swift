import EventLoop
import Foundation
import HTTP
import OpenAIWire
import Simulator
import TestSupport
import Testing

@testable import Images

@Suite("Width and height of pictures", .bounded, .timeLimit(.minutes(5)))
struct ImageDimensionsTests {
  private static func word(_ number: Int, _ bytes: Int) -> [UInt8] {
    (0..<bytes).reversed().map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
  }

  /// A PNG with a header and an end, and nothing between.
  private static func png(_ width: Int, _ height: Int) -> [UInt8] {
    [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + word(13, 4) + Array("IHDR".utf8)
      + word(width, 4) + word(height, 4) + [8, 6, 0, 0, 0] + word(0, 4)
      + word(0, 4) + Array("IEND".utf8) + word(0, 4)
  }

  /// A JPEG with a profile of `profile` bytes before its frame, and what precedes `marker` filled up.
  private static func jpeg(_ width: Int, _ height: Int, marker: UInt8, profile: Int) -> [UInt8] {
    [0xFF, 0xD8, 0xFF, 0xE2] + word(profile + 2, 2) + [UInt8](repeating: 0xFF, count: profile)
      + [0xFF, 0xFF, 0xFF, marker] + word(17, 2) + [8] + word(height, 2) + word(width, 2)
      + [UInt8](repeating: 0, count: 10)
  }

  private static func webP(_ chunk: String, _ data: [UInt8]) -> [UInt8] {
    Array("RIFF".utf8) + [22, 0, 0, 0] + Array("WEBP\(chunk)".utf8) + [10, 0, 0, 0] + data
  }

  private static func box(_ type: String, _ content: [UInt8]) -> [UInt8] {
    word(content.count + 8, 4) + Array(type.utf8) + content
  }

  /// An AVIF that describes items of these sizes.
  private static func avif(_ sizes: [(Int, Int)]) -> [UInt8] {
    let extents = sizes.flatMap { box("ispe", word(0, 4) + word($0.0, 4) + word($0.1, 4)) }
    return box("ftyp", Array("avif".utf8) + word(0, 4))
      + box("meta", word(0, 4) + box("iprp", box("ipco", extents)))
  }

  @Test(
    "of an AVIF are those of its largest item",
    arguments: [("alpha", 48, 32), ("plain", 640, 360)])
  func realAVIF(name: String, width: Int, height: Int) throws {
    let url = try #require(
      Bundle.module.url(forResource: "Fixtures/formats/\(name).avif", withExtension: nil))
    let bytes = [UInt8](try Data(contentsOf: url))
    #expect(ImageFormat(whole: bytes) == .avif)
    #expect(ImageFormat.avif.size(of: bytes) == ImageSize(width: width, height: height))
    for count in 0..<bytes.count {
      _ = ImageFormat.avif.dimensions(of: Array(bytes.prefix(count)))
    }
  }

  @Test(
    "are read from every format whose header tells them",
    arguments: [
      (png(1024, 512), 1024, 512), (png(100_000, 90_000), 100_000, 90_000),
      (jpeg(1536, 1024, marker: 0xC0, profile: 0), 1536, 1024),
      (jpeg(1536, 1024, marker: 0xC2, profile: 60_000), 1536, 1024),
      (Array("GIF89a".utf8) + [0x00, 0x02, 0x40, 0x00], 512, 64),
      // 1025 less one in 14 bits, 513 less one in the next 14.
      (webP("VP8L", [0x2F, 0x00, 0x04, 0x80, 0x00, 0, 0, 0, 0, 0]), 1025, 513),
      (webP("VP8X", [0, 0, 0, 0, 0xFF, 0x03, 0, 0xFF, 0x01, 0]), 1024, 512),
      (webP("VP8 ", [0, 0, 0, 0x9D, 0x01, 0x2A, 0x00, 0x44, 0x00, 0x02]), 1024, 512),
      (avif([(512, 512), (1536, 1024), (64, 64)]), 1536, 1024),
    ] as [([UInt8], Int, Int)])
  func dimensions(bytes: [UInt8], width: Int, height: Int) throws {
    let format = try #require(ImageFormat(sniffing: bytes))
    let found = try #require(format.dimensions(of: bytes))
    #expect(found.width == width && found.height == height)
    #expect(format.size(of: bytes) == ImageSize(width: width, height: height))
    // However little of it there is.
    for count in 0..<min(bytes.count, 200) { _ = format.dimensions(of: Array(bytes.prefix(count))) }
  }

  @Test(
    "are none where a picture has no frame",
    arguments: [
      [0xFF, 0xD8, 0xFF, 0xDA] + [UInt8](repeating: 0, count: 40),
      [0xFF, 0xD8, 0xFF, 0xE0, 0, 0] + [UInt8](repeating: 0, count: 40),
      [0xFF, 0xD8, 0xFF] + [UInt8](repeating: 0xFF, count: 40),
      webP("ALPH", [UInt8](repeating: 0, count: 10)),
      avif([]), box("ftyp", Array("avif".utf8)) + word(0, 4) + Array("meta".utf8),
      box("ftyp", Array("avif".utf8)) + word(1, 4) + Array("meta".utf8) + word(-1, 8),
    ])
  func none(bytes: [UInt8]) throws {
    let format = try #require(ImageFormat(sniffing: bytes))
    #expect(format.dimensions(of: bytes) == nil)
  }

  @Test(
    "bound what a provider may answer, also where a side is longer than any size",
    arguments: [
      png(20_000, 20_000), png(4_294_967_295, 4_294_967_295), png(8000, 8000),
      jpeg(20_000, 20_000, marker: 0xC0, profile: 4),
      webP("VP8X", [0, 0, 0, 0, 0xFF, 0xFF, 0, 0xFF, 0xFF, 0]),
      avif([(64, 64), (4_294_967_295, 4_294_967_295)]),
    ])
  func bound(bytes: [UInt8]) async throws {
    try await AdapterHarness.withSimulator { simulator, client in
      var text: [UInt8] = []
      Base64.append(bytes, to: &text)
      for _ in 0..<3 {
        simulator.answer(
          "images", 200, "{\"data\":[{\"b64_json\":\"\(String(decoding: text, as: UTF8.self))\"}]}")
      }
      let pipeline = ImagePipeline(try PipelineHarness.catalog(simulator))
      let failure = await #expect(throws: ImageFailure.self) {
        _ = try await pipeline.generate(ImageRequest(prompt: "a fox"), client: client.value)
      }
      #expect(failure?.kind == .tooLarge)
      #expect(failure?.mayHaveBeenPaid == true)
    }
  }
}
