import Foundation
import Simulator
import TestSupport
import Testing

@testable import Images

@Suite("Masks", .bounded, .timeLimit(.minutes(10)))
struct MaskTests {
  private static func mask(_ name: String) throws -> InputImage {
    let url = try #require(
      Bundle.module.url(forResource: "Fixtures/masks/\(name).png", withExtension: nil))
    return try #require(InputImage(Array(try Data(contentsOf: url))))
  }

  /// What the fixtures let change: the first 8 columns, from the sixth row on.
  private static func isOpen(_ index: Int) -> Bool { index % 24 < 8 && index / 24 >= 5 }

  @Test(
    "what is transparent becomes white, whatever the kind of PNG",
    arguments: ["rgba-dynamic", "rgba-fixed", "rgba-stored", "grey-alpha", "palette"])
  func conversion(name: String) throws {
    let mask = try Self.mask(name)
    guard case .alpha(24, 20, let pixels) = PNGAlpha.read(mask.bytes) else {
      Issue.record("unreadable")
      return
    }
    #expect(pixels == (0..<480).map { Self.isOpen($0) ? 0 : 255 })
    let converted = try #require(mask.whiteOnBlack())
    #expect(converted.size == ImageSize("24x20"))
    // The rows behind the fixed head of 41 bytes and the head of a stored block, each with a filter.
    let rows = try Inflate.zlib(Array(converted.bytes[41...]), limit: 500)
    #expect(
      rows == (0..<20).flatMap { y in [0] + (0..<24).map { Self.isOpen(y * 24 + $0) ? 255 : 0 } })
  }

  @Test("a mask without transparency stays as it is")
  func opaque() throws {
    let mask = try Self.mask("rgb")
    #expect(mask.whiteOnBlack() == mask)
  }

  @Test("masks that cannot be read are no masks", arguments: ["interlaced", "deep"])
  func unreadable(name: String) throws {
    #expect(try Self.mask(name).whiteOnBlack() == nil)
  }

  @Test("a broken file is told as such, and never read past its end")
  func broken() throws {
    let file = try Self.mask("rgba-dynamic").bytes
    for length in 8..<file.count - 12 {
      #expect(PNGAlpha.read(Array(file[..<length])) == .unreadable)
    }
    for at in 8..<file.count {
      var changed = file
      changed[at] ^= 0x5A
      // Whatever comes of it, it ends, and has as many pixels as it says.
      if case .alpha(let width, let height, let pixels) = PNGAlpha.read(changed) {
        #expect(pixels.count == width * height)
      }
    }
  }

  @Test("a mask reaches Inpaint in black and white, and one that cannot be read reaches nobody")
  func inpaint() async throws {
    var model = ImageModel(
      id: "core", provider: "stability", dialect: .generic, capabilities: [.edit, .mask])
    model.wireID = "core"
    let trial = AdapterTrial(name: "stability", format: .stability, model: model)
    var request = ImageRequest(prompt: "blue")
    request.operation = .edit
    request.images = [try WireFixture.picture()]
    request.mask = try Self.mask("rgba-fixed")
    let sent = try #require(try await trial.run(request).requests.first)
    let converted = try #require(request.mask?.whiteOnBlack())
    #expect(Data(sent.body).range(of: Data(converted.bytes)) != nil)
    request.mask = try Self.mask("deep")
    let outcome = try await trial.run(request)
    #expect(outcome.failure?.kind == .badRequest)
    #expect(outcome.requests.isEmpty)
  }
}
