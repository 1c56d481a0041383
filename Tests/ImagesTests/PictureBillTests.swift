import OpenAIWire
import Testing

@testable import Images

@Suite("What a call is billed")
struct PictureBillTests {
  /// The head of a PNG of some size.
  private static func image(_ width: UInt16, _ height: UInt16) -> GeneratedImage {
    func number(_ value: UInt16) -> [UInt8] { [0, 0, UInt8(value >> 8), UInt8(value & 255)] }
    let head: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13]
    let bytes = head + Array("IHDR".utf8) + number(width) + number(height)
    return GeneratedImage(bytes: bytes, format: .png)
  }

  private static func bill(
    _ pricing: Pricing, _ images: [GeneratedImage], drawn: Int, cost: Double? = nil
  ) -> PictureBill {
    var request = ImageRequest(prompt: "a fox")
    request.size = ImageSize("1024x1024")
    let model = ImageModel(id: "m", provider: "p", dialect: .generic, pricing: pricing)
    return PictureBill(
      ProviderAnswer(pictures: [], cost: cost), of: images, drawn: drawn, model, request)
  }

  private static let perMegapixel = Pricing(.perMegapixel(first: 0.07, further: 0.03))

  @Test("megapixels are those that were made, and those of a lost picture the ones asked for")
  func megapixels() {
    let images = [Self.image(2000, 2000), Self.image(512, 512)]
    let bill = Self.bill(Self.perMegapixel, images, drawn: 3)
    #expect(bill.shares == [0.16, 0.07])
    #expect(bill.total?.roundedToCentHundredths == 0.3)
  }

  @Test("a picture whose size is not read is billed as it was asked for")
  func unread() {
    let bill = Self.bill(
      Self.perMegapixel, [GeneratedImage(bytes: [], format: .avif)], drawn: 1)
    #expect(bill.total == 0.07)
  }

  @Test("what the provider says is what it is, shared by all that it drew")
  func told() {
    let bill = Self.bill(Self.perMegapixel, [Self.image(2000, 2000)], drawn: 2, cost: 0.1)
    #expect(bill.total == 0.1 && bill.shares == [0.05])
  }

  @Test("what nobody could believe is not taken over", arguments: [-1, .infinity, 1e6])
  func senseless(cost: Double) {
    let bill = Self.bill(.flat(0.04), [Self.image(64, 64)], drawn: 1, cost: cost)
    #expect(bill.total == 0.04 && bill.shares == [0.04])
  }

  @Test("without a price nothing is known")
  func unknown() {
    let bill = Self.bill(Pricing(.unknown), [Self.image(64, 64)], drawn: 2)
    #expect(bill.total == nil && bill.shares == [nil])
  }
}
