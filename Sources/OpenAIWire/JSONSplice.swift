/// Why edits cannot be applied.
package enum JSONSpliceError: Error, Sendable, Equatable {
  /// Two edits touch the same bytes; `offset` is the first of them.
  case overlap(offset: Int)
  /// A range or a container of an edit is not part of the text.
  case outOfBounds(Range<Int>)
  /// Members were to be added to something other than an object, or elements to no array.
  case wrongContainer(offset: Int)
}

/// Edits to one JSON text, collected first and applied together in one pass. Bytes that no edit
/// names come out as they went in.
///
/// Edits are made against the text as it was: ranges and indices mean the original's. Members and
/// elements are deleted with their comma. Values that are put in must be JSON already.
package struct JSONSplice: Sendable {
  let bytes: [UInt8]
  var replacements: [(range: Range<Int>, with: [UInt8])] = []
  /// Whole members or elements to be deleted, without commas.
  var deletions: [Range<Int>] = []
  /// Elements to be put before the element that starts at the offset.
  var insertions: [(before: Int, value: [UInt8])] = []
  /// Members or elements to be put last in the container, by the offset of its closing bracket; an
  /// element has no key.
  var appends: [(close: Int, open: Int, key: [UInt8], value: [UInt8])] = []
  /// The first misuse; it is thrown when the edits are applied.
  var misuse: JSONSpliceError?

  /// Edits to a validated text.
  package init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// Whether there is no edit.
  package var isEmpty: Bool {
    replacements.isEmpty && deletions.isEmpty && insertions.isEmpty && appends.isEmpty
      && misuse == nil
  }

  /// How many edits were collected.
  package var count: Int {
    replacements.count + deletions.count + insertions.count + appends.count
  }

  /// Replaces a range, such as a value's, by other bytes.
  package mutating func replace(_ range: Range<Int>, with value: [UInt8]) {
    guard check(range) else { return }
    replacements.append((range, value))
  }

  /// Replaces a value.
  package mutating func replace(_ slice: JSONSlice, with value: [UInt8]) {
    replace(slice.range, with: value)
  }

  /// Deletes a member, with its comma.
  package mutating func delete(_ member: JSONMember) {
    deleteItem(member.key.lowerBound..<member.value.upperBound)
  }

  /// Deletes an element of an array, with its comma.
  package mutating func delete(element: JSONSlice) {
    guard checkElement(element) else { return }
    deleteItem(element.range)
  }

  /// Adds a member at the end of an object: of the outermost one, where `object` is nil.
  package mutating func append(key: String, value: [UInt8], to object: JSONSlice? = nil) {
    var literal = JSONWriter.string(key)
    literal.append(UInt8(ascii: ":"))
    append(
      value, key: literal, to: object?.range ?? whole,
      open: UInt8(ascii: "{"), close: UInt8(ascii: "}"))
  }

  /// Adds an element at the end of an array.
  package mutating func append(element value: [UInt8], to array: JSONSlice) {
    append(value, to: array.range, open: UInt8(ascii: "["), close: UInt8(ascii: "]"))
  }

  /// Puts an element before another one of the same array.
  package mutating func insert(element value: [UInt8], before next: JSONSlice) {
    guard checkElement(next) else { return }
    insertions.append((next.range.lowerBound, value))
  }

  /// Puts an element before the one at `index`, or at the end where there is none.
  package mutating func insert(element value: [UInt8], at index: Int, in array: JSONSlice) {
    if let next = array[max(0, index)] {
      insert(element: value, before: next)
    } else {
      append(element: value, to: array)
    }
  }

  /// The text from its first bracket to its last.
  private var whole: Range<Int> {
    let start = skipSpaces(0)
    return start..<max(start, lastNonSpace(before: bytes.count) + 1)
  }

  private mutating func deleteItem(_ range: Range<Int>) {
    guard check(range) else { return }
    deletions.append(range)
  }

  private mutating func append(
    _ value: [UInt8], key: [UInt8] = [], to range: Range<Int>, open: UInt8, close: UInt8
  ) {
    guard check(range) else { return }
    let last = range.upperBound - 1
    guard range.count >= 2, bytes[range.lowerBound] == open, bytes[last] == close else {
      misuse = misuse ?? .wrongContainer(offset: range.lowerBound)
      return
    }
    appends.append((last, range.lowerBound, key, value))
  }

  /// An element follows a bracket or a comma; the value of a member follows a colon.
  private mutating func checkElement(_ slice: JSONSlice) -> Bool {
    guard check(slice.range) else { return false }
    let before = lastNonSpace(before: slice.range.lowerBound)
    if before >= 0, bytes[before] == UInt8(ascii: "[") || bytes[before] == UInt8(ascii: ",") {
      return true
    }
    misuse = misuse ?? .wrongContainer(offset: slice.range.lowerBound)
    return false
  }

  private mutating func check(_ range: Range<Int>) -> Bool {
    if range.lowerBound >= 0, range.upperBound <= bytes.count { return true }
    misuse = misuse ?? .outOfBounds(range)
    return false
  }
}
