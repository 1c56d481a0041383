internal import Observability
internal import Resilience
internal import Synchronization

/// Writes down what happens to breakers and their store, and counts it.
final class BreakerLog: BreakerObserver {
  private let logger: Logger
  private let store: String
  private let isNamedByClient: @Sendable (BreakerKey) -> Bool
  private let counts = Mutex([TransitionKind: Int]())
  private let changes = Mutex(StoreChanges())

  /// A kind of change, for metrics.
  struct TransitionKind: Hashable {
    let key: BreakerKey
    let state: String
  }

  /// How often the store has come and gone.
  struct StoreChanges {
    var available = 0
    var unavailable = 0
  }

  /// - Parameters:
  ///   - store: its URL without secrets.
  ///   - isNamedByClient: of which models is counted what they come to together, since clients may
  ///     make up any number.
  init(
    _ logger: Logger, store: String, isNamedByClient: @escaping @Sendable (BreakerKey) -> Bool
  ) {
    self.logger = logger
    self.store = store
    self.isNamedByClient = isNamedByClient
  }

  /// How often each breaker has come into each state.
  var transitions: [TransitionKind: Int] { counts.withLock { $0 } }

  /// How often the store has come and gone: once for each line of the log that says so.
  var storeChanges: StoreChanges { changes.withLock { $0 } }

  func breaker(_ key: BreakerKey, changed transition: Transition) {
    let name = transition.to.name
    guard name != transition.from.name else { return }
    let kind = TransitionKind(key: isNamedByClient(key) ? key.common : key, state: name)
    counts.withLock { $0[kind, default: 0] += 1 }
    var fields: LogFields = [
      "breaker": .string(key.description), "from": .string(transition.from.name),
      "to": .string(name), "reason": .string(transition.reason.rawValue),
    ]
    fields.append(
      "for_ms", transition.to.until.map { .int(Int(clamping: max(0, $0 - transition.at))) })
    switch transition.to {
    case .closed, .forcedClosed, .halfOpen: logger.info("breaker", fields)
    default: logger.warning("breaker", fields)
    }
  }

  func breaker(_ key: BreakerKey, command: BreakerCommand, by operator: String) {
    logger.audit(
      [
        "breaker": .string(key.description), "command": .string(command.rawValue),
        "operator": .string(`operator`),
      ])
  }

  func store(isAvailable: Bool, reason: String?) {
    let fields: LogFields = ["store": .string(store)]
    changes.withLock { changes in
      if isAvailable { changes.available += 1 } else { changes.unavailable += 1 }
    }
    if isAvailable {
      logger.info("the store of shared state is there", fields)
    } else {
      logger.warning(
        "the store of shared state is away, this gateway goes on by itself: \(reason ?? "")",
        fields)
    }
  }
}

extension BreakerState {
  /// When it ends by itself, if it does.
  var until: Int64? {
    switch self {
    case .open(let until), .coolingDown(let until), .badKey(let until), .noCredit(let until): until
    case .halfOpen(_, let until): until
    case .closed, .forcedOpen, .forcedClosed: nil
    }
  }
}
