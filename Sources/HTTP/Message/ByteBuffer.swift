/// Bytes that have arrived and are not consumed yet: appended at the end, taken from the front.
package struct ByteBuffer: Sendable {
  private var storage: [UInt8] = []
  private var start = 0

  /// An empty buffer, which owns no memory.
  package init() {}

  /// Bytes that wait.
  package var count: Int { storage.count - start }
  /// Whether none waits.
  package var isEmpty: Bool { start == storage.count }

  /// The byte at an offset from the front, which is below `count`.
  package subscript(offset: Int) -> UInt8 { storage[start + offset] }

  /// Bytes from the front, without a copy. To be let go of before the buffer changes.
  func prefix(_ amount: Int) -> ArraySlice<UInt8> { storage[start..<start + amount] }

  /// Adds bytes.
  package mutating func append(_ bytes: Span<UInt8>) {
    if start > 0 && start >= storage.count / 2 {
      storage.removeFirst(start)
      start = 0
    }
    storage.append(copying: bytes)
  }

  /// Drops bytes from the front: at most `count` of them. An empty buffer that had grown large
  /// gives its memory back.
  package mutating func consume(_ amount: Int) {
    start += amount
    guard start == storage.count else { return }
    start = 0
    storage.removeAll(keepingCapacity: storage.capacity <= 16 * 1024)
  }

  /// Copies bytes from the front and drops them.
  package mutating func take(_ amount: Int) -> [UInt8] {
    defer { consume(amount) }
    return Array(storage[start..<start + amount])
  }

  /// Moves bytes from the front to the end of `output`.
  package mutating func move(_ amount: Int, to output: inout [UInt8]) {
    output.append(contentsOf: storage[start..<start + amount])
    consume(amount)
  }
}

extension Array where Element == UInt8 {
  /// Appends the bytes of a span.
  package mutating func append(copying bytes: Span<UInt8>) {
    bytes.withUnsafeBufferPointer { append(contentsOf: $0) }
  }
}
