internal import Chat
internal import EventLoop
internal import HTTP
internal import Images
internal import Observability
internal import Resilience
internal import State
internal import Synchronization

/// Breakers, what is known of providers, and the store in which gateways share it.
final class ResilienceServices: Sendable {
  let store: any StateStore
  let board: BreakerBoard
  let checker: HealthChecker
  let log: BreakerLog
  /// Whether a chat model is known only since a client has named it.
  let isNamedByClient: @Sendable (BreakerKey) -> Bool
  /// Whether providers that fail are left alone.
  let isEnabled: Bool
  /// The store's URL without secrets.
  let storeName: String
  /// Whether other gateways could share what the store knows.
  let canShare: Bool
  private let monitoring = Mutex<HealthMonitor?>(nil)

  /// What asks providers by itself; nil where that is turned off.
  var monitor: HealthMonitor? { monitoring.withLock { $0 } }

  /// Opens the store and reads what it knows.
  /// - Throws: `GatewayStartError` where the store's file is wrong. A Redis that is away is no error.
  static func open(
    _ configuration: Configuration, _ catalog: ImageCatalog, _ directory: UpstreamDirectory,
    group: EventLoopGroup, logger: Logger
  ) async throws(GatewayStartError) -> ResilienceServices {
    let store: any StateStore
    do throws(StateError) {
      store = try await StateStores.open(configuration.state.url, on: group.loops[0])
    } catch {
      throw GatewayStartError("state.url: \(error)")
    }
    let services = ResilienceServices(configuration, catalog, directory, store, logger)
    let keys =
      catalog.providers.filter(\.isUsable).flatMap(\.models).map(\.breakerKey)
      + directory.breakerKeys
    await services.board.start(keys, within: configuration.state.startTimeout)
    return services
  }

  private init(
    _ configuration: Configuration, _ catalog: ImageCatalog, _ directory: UpstreamDirectory,
    _ store: any StateStore, _ logger: Logger
  ) {
    let upstreams = directory.upstreams
    let listed = directory.breakerKeys
    self.store = store
    isEnabled = configuration.circuitBreaker.enabled
    storeName = configuration.state.url.shown
    canShare = configuration.state.url != .memory
    isNamedByClient = { $0.kind == .chat && $0.model != "*" && !listed.contains($0) }
    log = BreakerLog(logger, store: storeName, isNamedByClient: isNamedByClient)
    let breakers = configuration.circuitBreaker
    let images = Dictionary(
      catalog.providers.map { ($0.name, $0.timeout) }, uniquingKeysWith: { first, _ in first })
    let chats = Dictionary(
      upstreams.map { ($0.name, $0.timeouts.firstByte) }, uniquingKeysWith: { first, _ in first })
    var board = BreakerBoard.Configuration(owner: Self.processName()) { key in
      let limit = (key.kind == .image ? images : chats)[key.provider] ?? .seconds(300)
      return breakers.settings(for: key, callLimit: limit)
    }
    board.isNamedByClient = isNamedByClient
    board.claimLimit = configuration.state.trialTimeout
    let credentials = ProviderCredentials(catalog, upstreams)
    board.credential = { key in credentials[key] }
    self.board = BreakerBoard(board, store: store, observer: log)
    let providers = catalog.providers
    checker = HealthChecker(self.board, lifetime: configuration.health.cache) { key in
      guard key.kind == .image, let provider = providers.first(where: { $0.name == key.provider })
      else { return .available }
      return provider.availability
    }
  }

  /// This process, among all that share the store and have ever done so.
  private static func processName() -> String {
    var generator = SystemRandomNumberGenerator()
    return "gateway-" + String(generator.next(), radix: 16)
  }

  /// Begins to ask providers by themselves.
  func monitor(_ targets: [HealthMonitor.Target], _ configuration: HealthConfiguration) {
    guard configuration.checks else { return }
    let asked = targets.filter { target in
      configuration.providers.isEmpty || configuration.providers.contains(target.provider)
    }
    let monitor = HealthMonitor(
      board,
      HealthMonitor.Settings(
        interval: configuration.interval, timeout: configuration.timeout,
        rise: configuration.rise, fall: configuration.fall), asked)
    monitoring.withLock { $0 = monitor }
    monitor.start()
  }

  /// The longest that a store is waited for that is to be told what has happened last.
  private static let farewell = Duration.seconds(1)

  /// Ends what runs on the side, and closes the store.
  func close() async {
    monitor?.stop()
    board.close()
    await board.settle(within: Self.farewell)
    await store.close()
  }
}

extension ImageProvider {
  /// Whether it is turned on and has its key.
  var availability: Availability {
    if !isEnabled {
      return Availability(.flag, "turned off by \(featureFlag ?? "its feature flag")")
    }
    if lacksKey {
      return Availability(.key, "no key: \(keyVariable ?? "its variable") is not set")
    }
    return .available
  }
}
