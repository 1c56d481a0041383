/// Figures that are told apart by a key, in the order in which they came up.
///
/// Most often the key is that of the time before: it is looked at first, which costs less than to
/// hash it.
struct FigureTable<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  private var keys: [Key] = []
  private var values: [Value] = []
  private var places: [Key: Int] = [:]
  private var last = 0

  /// All of them.
  var entries: [(key: Key, value: Value)] { zip(keys, values).map { (key: $0, value: $1) } }

  /// Changes the figures of a key.
  /// - Parameter fresh: what a key that is new begins with.
  mutating func update(
    _ key: Key, fresh: @autoclosure () -> Value, _ change: (inout Value) -> Void
  ) {
    if !keys.indices.contains(last) || keys[last] != key { last = places[key] ?? keys.count }
    if last == keys.count {
      places[key] = last
      keys.append(key)
      values.append(fresh())
    }
    change(&values[last])
  }
}
