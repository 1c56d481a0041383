/// Commands that wait for their answers, which come in the same order.
struct RedisWaiting {
  typealias Handler = (Result<RedisReply, StateError>) -> Void

  /// A command that was sent.
  struct Entry {
    /// Nanoseconds of the monotonic clock.
    let deadline: UInt64
    let handler: Handler
  }

  private var entries: [Entry] = []
  /// Entries before it have been answered; they go away together, so that none is moved twice.
  private var head = 0

  var count: Int { entries.count - head }
  var first: Entry? { head < entries.count ? entries[head] : nil }

  mutating func append(_ entry: Entry) { entries.append(entry) }

  mutating func popFirst() -> Entry? {
    guard let first else { return nil }
    head += 1
    if head == entries.count {
      entries.removeAll(keepingCapacity: true)
      head = 0
    } else if head >= 64, head * 2 >= entries.count {
      entries.removeFirst(head)
      head = 0
    }
    return first
  }

  /// Takes all of them out.
  mutating func removeAll() -> [Entry] {
    defer { self = RedisWaiting() }
    return Array(entries[head...])
  }
}
