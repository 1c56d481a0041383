/// The boxes of an ISO base media file, as AVIF is one (ISO/IEC 14496-12, section 4.2).
struct ISOBoxes {
  /// Boxes of one container that are looked at.
  private static let most = 1000

  private let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Width and height of the largest picture or tile that the file describes: of `ispe`, of which
  /// each item has one (ISO/IEC 23008-12, section 6.5.3). Nil where it describes none.
  var largestExtent: (width: Int, height: Int)? {
    var largest: (width: Int, height: Int)?
    for meta in boxes("meta", in: 0..<bytes.count) {
      // Version and flags stand before what is in it.
      let content = min(meta.lowerBound + 4, meta.upperBound)..<meta.upperBound
      for properties in boxes("iprp", in: content) {
        for container in boxes("ipco", in: properties) {
          for extent in boxes("ispe", in: container) where extent.count >= 12 {
            let found = (
              width: bytes.bigEndian(extent.lowerBound + 4, 4),
              height: bytes.bigEndian(extent.lowerBound + 8, 4)
            )
            // Sides of 32 bits, whose product is more than an integer holds.
            let area = Double(found.width) * Double(found.height)
            if let old = largest, Double(old.width) * Double(old.height) >= area { continue }
            largest = found
          }
        }
      }
    }
    return largest
  }

  /// Where the contents of the boxes of a type stand.
  private func boxes(_ type: StaticString, in range: Range<Int>) -> [Range<Int>] {
    var found: [Range<Int>] = []
    var at = range.lowerBound
    for _ in 0..<Self.most {
      guard at + 8 <= range.upperBound else { break }
      var size = bytes.bigEndian(at, 4)
      var head = 8
      // A size of 1 stands in 64 bits behind the type; one of 0 goes to the end of the file.
      if size == 1 {
        guard at + 16 <= range.upperBound, bytes.bigEndian(at + 8, 4) == 0 else { break }
        size = bytes.bigEndian(at + 12, 4)
        head = 16
      } else if size == 0 {
        size = range.upperBound - at
      }
      guard size >= head, at + size <= range.upperBound else { break }
      if bytes[at + 4..<at + 8].elementsEqual(type.description.utf8) {
        found.append(at + head..<at + size)
      }
      at += size
    }
    return found
  }
}
