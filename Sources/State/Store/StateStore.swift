/// Where gateways keep what outlives a request: in memory, in a file, or in a Redis that many of
/// them share.
///
/// Every operation is one step: two gateways that do it at once see each other's whole effect or
/// nothing of it. Each is bounded in time and throws where the store is away; nobody waits for it on
/// the way of a request, except where the request itself is about what is stored. May be called
/// from any thread or loop.
package protocol StateStore: Sendable {
  /// What is stored under a key; nil where nothing is, or no longer.
  func get(_ key: StateKey) async throws(StateError) -> StoredValue?

  /// Stores a value if `revision` is still that of what is stored (0: nothing is).
  /// - Parameters:
  ///   - lifetime: after which it is forgotten.
  ///   - announced: whether everyone who listens (see ``listen(_:)``) is told in the same step.
  func compareAndSet(
    _ key: StateKey, revision: Int64, to value: [UInt8], lifetime: Duration, announced: Bool
  ) async throws(StateError) -> CompareAndSetResult

  /// Stores a value, whatever was there.
  func put(_ key: StateKey, _ value: [UInt8], lifetime: Duration) async throws(StateError)

  /// Forgets a value. Harmless where there is none.
  func remove(_ key: StateKey) async throws(StateError)

  /// Tells what a gateway has counted in the parts of a sliding window, and sums up what all have.
  /// Windows and values have nothing to do with each other, also under one key.
  ///
  /// What is told is all that the gateway has counted in a part so far, not what is new: it may be told
  /// again after any failure, late or twice, and what the store has lost is there again once everyone
  /// has told it. Of two numbers that a gateway has told of one counter the larger one holds.
  /// - Parameters:
  ///   - member: who has counted: 1 to 128 printable ASCII characters. One that counts from 0 again
  ///     needs another name.
  ///   - told: what `member` has counted; what lies outside of the window counts nowhere. Numbers stop
  ///     at 2^53 - 1, the largest one that every store counts exactly.
  ///   - window: what lies further than its length before its newest part, or after it, is forgotten.
  ///   - lifetime: after which the whole window is forgotten, unless it is told of before.
  /// - Returns: for each counter its sum over all members and the parts of the window, and the part after
  ///   it: the clock of another gateway may be a little ahead.
  func count(
    _ key: StateKey, by member: String, _ told: PartCounts, over window: CountedWindow,
    lifetime: Duration
  ) async throws(StateError) -> [Int64]

  /// Has `listener` told of what other gateways announce (and maybe of what this one does), and of
  /// whether the store can be reached. Called once, before the store is used. The listener is called
  /// on a thread of the store's choice, and does not block it.
  func listen(_ listener: @escaping @Sendable (StateEvent) -> Void)

  /// Whether the store can be reached, as far as is known.
  var isAvailable: Bool { get }

  /// The time that all gateways of the store have in common.
  var clock: SharedClock { get }

  /// What operations took and how they went, for metrics.
  var statistics: StateStatistics { get }

  /// Ends every operation that is under way, and closes everything. Nothing may be called after it.
  func close() async
}

/// The name of a stored value: at most 512 bytes of printable ASCII in all.
package struct StateKey: Sendable, Hashable, CustomStringConvertible {
  /// What a value belongs to, such as `breaker:image/openai/dall-e-3`. Values of one group are kept
  /// together where a store is spread over several servers.
  package let group: String
  /// Which one of the group.
  package let name: String

  /// The value `name` of a group.
  package init(group: String, name: String) {
    self.group = group
    self.name = name
  }

  /// Both, for logs.
  package var description: String { "\(group) \(name)" }
}

/// A value as it was read.
package struct StoredValue: Sendable, Hashable {
  /// Raised by each writing; never 0.
  package let revision: Int64
  package let value: [UInt8]

  package init(revision: Int64, value: [UInt8]) {
    self.revision = revision
    self.value = value
  }
}

/// What became of a conditional writing.
package enum CompareAndSetResult: Sendable, Hashable {
  /// It is stored, under this revision.
  case stored(revision: Int64)
  /// Somebody else wrote first; this is what is there now.
  case conflict(StoredValue?)
}

/// What a store tells by itself.
package enum StateEvent: Sendable, Hashable {
  /// A value that was announced.
  case changed(StateKey, StoredValue)
  /// The store can be reached, at first or again: what is known should be compared with it, since
  /// announcements may have been lost, and it may have come back empty.
  case available
  /// A server that holds a part of the store has been away, or another one has taken its place, while
  /// the rest could be reached: it may have lost what was written last, so that what is known should
  /// be compared with it. Also after its clock was set.
  case replaced
  /// The store cannot be reached, and why, in one sentence without secrets.
  case unavailable(String)
}

/// Why a store did not do what it was asked to.
package struct StateError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What kind of failure it is.
  package enum Kind: String, Sendable, Hashable, CaseIterable {
    /// Not connected. Nothing was done.
    case unavailable
    /// No answer in time, or none before the connection was lost. It may have been done, or may
    /// still be.
    case timedOut = "timed_out"
    /// The store refused: out of memory, read-only, no permission.
    case refused
    /// The store answered something that makes no sense.
    case malformed
    /// The store was closed.
    case closed
  }

  package let kind: Kind
  /// One sentence without secrets.
  package let description: String

  package init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description
  }
}
