import Testing

@testable import HTTP

@Suite("Bytes of a head")
struct ASCIITests {
  private static let texts: [UInt8] = [0x09, 0x20, 0x41, 0x7E, 0x80, 0xA0, 0xFF]

  @Test("the first control character is found at every place, whatever stands around it")
  func firstControl() {
    for control: UInt8 in Array(0..<0x20) + [0x7F] where control != 0x09 {
      for count in 0..<35 {
        for place in 0..<count {
          var bytes = (0..<count).map { Self.texts[($0 * 5 + count) % Self.texts.count] }
          bytes[place] = control
          // Behind it anything may follow.
          for later in bytes.indices where later > place && later % 3 == 0 { bytes[later] = 0x0D }
          let found = ASCII.firstControl(bytes.span, from: 0)
          #expect(found == place, "\(control) in \(bytes)")
          #expect(ASCII.firstControl(bytes.span, from: place) == place)
        }
      }
    }
  }

  @Test("where there is none, the length is told", arguments: 0..<35)
  func none(count: Int) {
    let bytes = (0..<count).map { Self.texts[$0 % Self.texts.count] }
    for start in 0...count { #expect(ASCII.firstControl(bytes.span, from: start) == count) }
  }

  @Test("tokens are letters, digits and the marks of RFC 9110")
  func tokens() {
    let marks = Set("!#$%&'*+-.^_`|~".utf8)
    for byte: UInt8 in 0...255 {
      let isAlphanumeric =
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
      #expect(ASCII.isToken(byte) == (isAlphanumeric || marks.contains(byte)), "\(byte)")
    }
  }
}
