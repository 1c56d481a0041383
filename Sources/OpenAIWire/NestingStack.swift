/// Which containers are open: one bit each, without an allocation down to a depth of 64.
struct NestingStack {
  private(set) var depth = 0
  /// The bits of the innermost (up to) 64 containers, the innermost one lowest.
  private var bits: UInt64 = 0
  /// Full words of the containers further out.
  private var outer: [UInt64] = []

  /// Whether the innermost container is an object.
  @inline(__always)
  var isObject: Bool { bits & 1 == 1 }

  @inline(__always)
  mutating func push(isObject: Bool) {
    if depth > 0, depth & 63 == 0 { outer.append(bits) }
    bits = bits << 1 | (isObject ? 1 : 0)
    depth += 1
  }

  @inline(__always)
  mutating func pop() {
    bits >>= 1
    depth -= 1
    if depth > 0, depth & 63 == 0, let word = outer.popLast() { bits = word }
  }
}
