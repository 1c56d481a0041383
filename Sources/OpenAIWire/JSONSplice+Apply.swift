extension JSONSplice {
  /// A replacement of bytes by others; edits of one place are applied in the order of `rank`.
  private struct Edit {
    var range: Range<Int>
    var rank: Int
    var text: [UInt8]
    /// What precedes the text: a member's key.
    var key: [UInt8] = []
    /// Whether a comma precedes both, or follows them.
    var hasCommaBefore = false
    var hasCommaAfter = false
    /// Bytes more than are replaced.
    var growth: Int { text.count + key.count + 2 - range.count }
  }

  /// Deleted items that stand side by side, with the commas that go with them.
  private struct Run {
    /// What is cut out.
    var cut: Range<Int>
    /// The first and the last byte of the items themselves.
    var items: Range<Int>
    /// Whether an item that stays precedes the run, follows it.
    var hasBefore: Bool
    var hasAfter: Bool
  }

  /// The text with all edits in it.
  ///
  /// - Throws: where two edits touch the same bytes, or one is outside the text.
  package func apply() throws(JSONSpliceError) -> [UInt8] {
    if let misuse { throw misuse }
    if isEmpty { return bytes }
    let runs = try deletionRuns()
    var edits = replacements.enumerated().map {
      Edit(range: $1.range, rank: $0, text: $1.with)
    }
    for run in runs { edits.append(Edit(range: run.cut, rank: Int.max, text: [])) }
    addInsertions(around: runs, to: &edits)
    addAppends(around: runs, to: &edits)
    edits.sort {
      ($0.range.lowerBound, $0.range.isEmpty ? 0 : 1, $0.rank)
        < ($1.range.lowerBound, $1.range.isEmpty ? 0 : 1, $1.rank)
    }
    return try write(edits)
  }

  private func write(_ edits: [Edit]) throws(JSONSpliceError) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(edits.reduce(bytes.count) { $0 + $1.growth })
    var at = 0
    for edit in edits {
      guard edit.range.lowerBound >= at else {
        throw .overlap(offset: edit.range.lowerBound)
      }
      out.append(contentsOf: bytes[at..<edit.range.lowerBound])
      if edit.hasCommaBefore { out.append(UInt8(ascii: ",")) }
      out.append(contentsOf: edit.key)
      out.append(contentsOf: edit.text)
      if edit.hasCommaAfter { out.append(UInt8(ascii: ",")) }
      at = edit.range.upperBound
    }
    out.append(contentsOf: bytes[at...])
    return out
  }

  /// Joins neighbouring deletions, and finds for each run which commas go with it.
  private func deletionRuns() throws(JSONSpliceError) -> [Run] {
    var joined: [Range<Int>] = []
    for range in deletions.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      guard let last = joined.last else {
        joined.append(range)
        continue
      }
      guard range.lowerBound >= last.upperBound else {
        throw .overlap(offset: range.lowerBound)
      }
      let comma = skipSpaces(last.upperBound)
      if byte(comma) == UInt8(ascii: ","), skipSpaces(comma + 1) == range.lowerBound {
        joined[joined.count - 1] = last.lowerBound..<range.upperBound
      } else {
        joined.append(range)
      }
    }
    return joined.map(run)
  }

  private func run(_ items: Range<Int>) -> Run {
    let after = skipSpaces(items.upperBound)
    let before = lastNonSpace(before: items.lowerBound)
    let hasAfter = byte(after) == UInt8(ascii: ",")
    let hasBefore = byte(before) == UInt8(ascii: ",")
    let cut =
      if hasAfter {
        items.lowerBound..<skipSpaces(after + 1)
      } else if hasBefore {
        before..<items.upperBound
      } else {
        items
      }
    return Run(cut: cut, items: items, hasBefore: hasBefore, hasAfter: hasAfter)
  }

  /// Each new element brings the comma towards the neighbour that stays.
  private func addInsertions(around runs: [Run], to edits: inout [Edit]) {
    guard !insertions.isEmpty else { return }
    let ordered = insertions.enumerated().sorted {
      ($0.element.before, $0.offset) < ($1.element.before, $1.offset)
    }
    var filled: Set<Int> = []
    for (rank, (_, insertion)) in ordered.enumerated() {
      var place = insertion.before
      var edit = Edit(range: place..<place, rank: rank, text: insertion.value)
      let run = run(in: runs, with: place)
      if let run { place = run.cut.lowerBound }
      if let run, !run.hasAfter {
        let isFirst = filled.insert(run.items.lowerBound).inserted
        edit.hasCommaBefore = run.hasBefore || !isFirst
      } else {
        edit.hasCommaAfter = true
      }
      edit.range = place..<place
      edits.append(edit)
    }
  }

  /// The run to which the item that starts at `start` belongs. What stands deeper inside a
  /// deleted item belongs to none, so that an edit there is seen to overlap.
  private func run(in runs: [Run], with start: Int) -> Run? {
    guard deletions.contains(where: { $0.lowerBound == start }) else { return nil }
    return runs.first { $0.items.contains(start) }
  }

  /// The run whose items begin at `start`; runs stand in order.
  private static func run(in runs: [Run], from start: Int) -> Run? {
    var (low, high) = (0, runs.count)
    while low < high {
      let middle = (low + high) / 2
      if runs[middle].items.lowerBound < start { low = middle + 1 } else { high = middle }
    }
    return low < runs.count && runs[low].items.lowerBound == start ? runs[low] : nil
  }

  private func addAppends(around runs: [Run], to edits: inout [Edit]) {
    var begun: Set<Int> = []
    for (offset, append) in appends.enumerated() {
      let place = lastNonSpace(before: append.close) + 1
      // The container has nothing left where it had nothing, or one run takes everything.
      let first = skipSpaces(append.open + 1)
      var isEmpty = first == append.close
      if let run = Self.run(in: runs, from: first), !run.hasAfter {
        isEmpty = !insertions.contains { run.items.contains($0.before) }
      }
      let isFirst = appends.count == 1 || begun.insert(append.close).inserted
      edits.append(
        Edit(
          range: place..<place, rank: insertions.count + offset, text: append.value,
          key: append.key, hasCommaBefore: !isFirst || !isEmpty))
    }
  }

  private func byte(_ at: Int) -> UInt8? {
    bytes.indices.contains(at) ? bytes[at] : nil
  }

  /// The first offset from `at` without whitespace.
  func skipSpaces(_ at: Int) -> Int {
    var at = at
    while let byte = byte(at), isSpace(byte) { at += 1 }
    return at
  }

  /// The last offset before `at` without whitespace; -1 where there is none.
  func lastNonSpace(before at: Int) -> Int {
    var at = at - 1
    while let byte = byte(at), isSpace(byte) { at -= 1 }
    return at
  }

  private func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
  }
}
