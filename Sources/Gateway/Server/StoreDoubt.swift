internal import Synchronization

/// Whether the store of pictures did not take the last one that it was given. Shared by all loops.
final class StoreDoubt: Sendable {
  private let flag = Atomic(false)

  /// Whether to find out first if it takes pictures again, before one is paid for that would be lost.
  var isRaised: Bool { flag.load(ordering: .relaxed) }

  /// A picture was kept, or could not be.
  func tell(wasKept: Bool) { flag.store(!wasKept, ordering: .relaxed) }
}
