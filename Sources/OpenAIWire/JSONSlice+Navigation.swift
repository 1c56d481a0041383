extension JSONSlice {
  /// The value of the last member named `key`; nil where there is none, or this is no object.
  package subscript(key: String) -> JSONSlice? {
    guard kind == .object else { return nil }
    // Unsafe: the buffer is used inside this closure only; the cursor checks its bounds.
    let value: Range<Int>? = bytes.withUnsafeBufferPointer { buffer in
      guard let cursor = JSONCursor(buffer, end: range.upperBound - 1) else { return nil }
      var at = range.lowerBound + 1
      var found: Range<Int>?
      while at < cursor.end, case (let member?, let next) = cursor.nextMember(at) {
        if member.isNamed(key, in: bytes) { found = member.value }
        at = next
      }
      return found
    }
    return value.map { JSONSlice(validated: bytes, range: $0) }
  }

  /// The element at `index`; nil outside the bounds, or where this is no array.
  package subscript(index: Int) -> JSONSlice? {
    var left = index
    guard left >= 0 else { return nil }
    for element in elements {
      if left == 0 { return element }
      left -= 1
    }
    return nil
  }

  /// The members of this object as byte ranges, in order; none where this is no object.
  package var entries: JSONEntries { JSONEntries(self) }

  /// The members of this object with decoded keys, in order; none where this is no object.
  package var members: JSONMembers { JSONMembers(self) }

  /// The elements of this array, in order; none where this is no array.
  package var elements: JSONElements { JSONElements(self) }

  /// Those of `names` that this object has more than once.
  package func duplicates(of names: [String]) -> [String] {
    JSONScanner.duplicates(of: names, in: Array(entries), bytes)
  }
}

/// The members of an object, read one by one.
package struct JSONEntries: Sequence, IteratorProtocol, Sendable {
  private let bytes: [UInt8]
  private let end: Int
  private var at: Int

  init(_ slice: JSONSlice) {
    bytes = slice.bytes
    end = slice.kind == .object ? slice.range.upperBound - 1 : slice.range.lowerBound
    at = slice.kind == .object ? slice.range.lowerBound + 1 : slice.range.lowerBound
  }

  /// The next member, nil past the last one.
  package mutating func next() -> JSONMember? {
    guard at < end else { return nil }
    let (member, next) = bytes.withUnsafeBufferPointer {
      // Unsafe: the buffer is used inside this closure only; the cursor checks its bounds.
      JSONCursor($0, end: end)?.nextMember(at) ?? (nil, end)
    }
    at = next
    return member
  }
}

/// The members of an object with decoded keys, read one by one.
package struct JSONMembers: Sequence, IteratorProtocol, Sendable {
  private let bytes: [UInt8]
  private var entries: JSONEntries

  init(_ slice: JSONSlice) {
    bytes = slice.bytes
    entries = JSONEntries(slice)
  }

  /// The next member, nil past the last one.
  package mutating func next() -> (key: String, value: JSONSlice)? {
    entries.next().map { ($0.name(in: bytes), JSONSlice($0, in: bytes)) }
  }
}

/// The elements of an array, read one by one.
package struct JSONElements: Sequence, IteratorProtocol, Sendable {
  private let bytes: [UInt8]
  private let end: Int
  private var at: Int

  init(_ slice: JSONSlice) {
    bytes = slice.bytes
    end = slice.kind == .array ? slice.range.upperBound - 1 : slice.range.lowerBound
    at = slice.kind == .array ? slice.range.lowerBound + 1 : slice.range.lowerBound
  }

  /// The next element, nil past the last one.
  package mutating func next() -> JSONSlice? {
    guard at < end else { return nil }
    let (value, next) = bytes.withUnsafeBufferPointer {
      // Unsafe: the buffer is used inside this closure only; the cursor checks its bounds.
      JSONCursor($0, end: end)?.nextElement(at) ?? (nil, end)
    }
    at = next
    return value.map { JSONSlice(validated: bytes, range: $0) }
  }
}
