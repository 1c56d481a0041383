/// Figures that are told apart by a key, in the order in which they came up.
///
/// Most often the key is that of the time before: it is looked at first, which costs less than to
/// hash it.
struct FigureTable<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  private(set) var entries: [(key: Key, value: Value)] = []
  private var places: [Key: Int] = [:]
  private var last = 0

  /// Changes the figures of a key.
  /// - Parameter fresh: what a key that is new begins with.
  mutating func update(
    _ key: Key, fresh: @autoclosure () -> Value, _ change: (inout Value) -> Void
  ) {
    if !entries.indices.contains(last) || entries[last].key != key {
      last = places[key] ?? entries.count
    }
    if last == entries.count {
      places[key] = last
      entries.append((key, fresh()))
    }
    change(&entries[last].value)
  }
}
