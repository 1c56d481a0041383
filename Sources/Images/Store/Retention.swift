/// How long, and how much, a store keeps.
package struct Retention: Sendable, Hashable {
  /// How long a picture is kept, in whole seconds; nil for ever.
  package var expireAfter: Duration?
  /// Bytes of all pictures together, without their metadata; nil for no bound.
  package var maxBytes: Int?

  /// Keeps everything, unless told otherwise.
  package init(expireAfter: Duration? = nil, maxBytes: Int? = nil) {
    self.expireAfter = expireAfter
    self.maxBytes = maxBytes
  }

  var isUnlimited: Bool { expireAfter == nil && maxBytes == nil }

  /// - Parameters:
  ///   - written: milliseconds since 1970.
  ///   - now: seconds since 1970.
  func isExpired(written: Int, now: Int) -> Bool {
    guard let expireAfter else { return false }
    return now * 1000 - written > Int(expireAfter.components.seconds) * 1000
  }
}

/// Finds the pictures that a sweep deletes, in bounded memory: of any number of pictures only the
/// oldest are remembered, and those beyond wait for the next sweep.
struct RetentionPlan {
  /// A picture as a listing shows it.
  struct Entry: Hashable {
    var id: String
    var format: ImageFormat
    var bytes: Int
    /// Milliseconds since 1970.
    var written: Int
  }

  private let retention: Retention
  private let now: Int
  private let limit: Int
  private var oldest: [Entry] = []
  private var total = 0

  /// - Parameters:
  ///   - now: seconds since 1970.
  ///   - limit: pictures that one sweep deletes at most.
  init(_ retention: Retention, now: Int, limit: Int = 100_000) {
    self.retention = retention
    self.now = now
    self.limit = limit
  }

  mutating func add(_ entry: Entry) {
    total += entry.bytes
    oldest.append(entry)
    if oldest.count >= 2 * limit { oldest = Array(Self.sorted(oldest).prefix(limit)) }
  }

  /// Oldest first: whatever has expired, then what is needed to keep within the bytes.
  func doomed() -> [Entry] {
    var rest = total
    var doomed: [Entry] = []
    for entry in Self.sorted(oldest).prefix(limit) {
      let isTooMuch = retention.maxBytes.map { rest > $0 } ?? false
      guard isTooMuch || retention.isExpired(written: entry.written, now: now) else { break }
      doomed.append(entry)
      rest -= entry.bytes
    }
    return doomed
  }

  private static func sorted(_ entries: [Entry]) -> [Entry] {
    entries.sorted { ($0.written, $0.id) < ($1.written, $1.id) }
  }
}
