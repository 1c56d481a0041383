/// What one gateway has counted, by the parts of the window and the states of the breaker, and how much
/// of it the others have been told.
///
/// Failures of an earlier state may still matter to those who have not left it.
struct OwnCounts: Sendable, Hashable {
  /// What was counted in one state, in one part of the window.
  private struct Part: Sendable, Hashable {
    let epoch: Epoch
    let number: Int64
    var counts: CallCounts
    /// Of that, what the others know.
    var told = CallCounts()
    var isUntold: Bool { counts != told }
  }

  /// What is told together: all that was counted in one state, so that what the others have lost is
  /// there again.
  struct Telling: Sendable, Hashable {
    let epoch: Epoch
    /// By the parts of the window.
    var parts: [Int64: CallCounts] = [:]
  }

  /// The newest at the end.
  private var parts: [Part] = []
  /// Whether there is something that the others have not been told.
  private(set) var isUntold = false

  /// Parts that are remembered: of the longest window, and of the state before.
  private static let capacity = 256

  /// Counts calls that began in a state; successes only those of the present one.
  mutating func add(_ counts: CallCounts, in number: Int64, under epoch: Epoch, current: Epoch) {
    guard counts.calls > 0, epoch == current || counts.failures > 0 else { return }
    isUntold = true
    if let index = parts.lastIndex(where: { $0.epoch == epoch && $0.number == number }) {
      parts[index].counts += counts
      return
    }
    parts.append(Part(epoch: epoch, number: number, counts: counts))
    guard parts.count > Self.capacity else { return }
    // The oldest of an earlier state, if there is one.
    parts.remove(at: parts.firstIndex { $0.epoch != current } ?? parts.startIndex)
  }

  /// Forgets what has left the window, and returns what is to be told: of states of which there is
  /// something new, the present one at last.
  /// - Parameter evenIfNone: whether there is something to tell of the present one in any case.
  mutating func tellings(
    within window: ClosedRange<Int64>, current: Epoch, evenIfNone: Bool
  ) -> [Telling] {
    parts.removeAll { !window.contains($0.number) }
    noteUntold()
    var earlier: [Telling] = []
    var present = Telling(epoch: current)
    var isPresentUntold = evenIfNone
    for part in parts {
      if part.epoch == current {
        present.parts[part.number] = part.counts
        isPresentUntold = isPresentUntold || part.isUntold
      } else if part.isUntold {
        let index = earlier.firstIndex { $0.epoch == part.epoch } ?? earlier.endIndex
        if index == earlier.endIndex { earlier.append(Telling(epoch: part.epoch)) }
        earlier[index].parts[part.number] = part.counts
      }
    }
    return isPresentUntold ? earlier + [present] : earlier
  }

  /// Notes that the others have been told.
  mutating func note(_ telling: Telling) {
    for index in parts.indices where parts[index].epoch == telling.epoch {
      if let counts = telling.parts[parts[index].number] { parts[index].told = counts }
    }
    noteUntold()
  }

  private mutating func noteUntold() { isUntold = parts.contains { $0.isUntold } }
}
