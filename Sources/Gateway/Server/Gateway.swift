package import EventLoop
internal import HTTP
internal import Images
package import Observability
internal import Synchronization

/// The gateway: a server, what it routes to, and its lifecycle.
package final class Gateway: Sendable {
  private let group: EventLoopGroup
  private let configuration: Configuration
  private let logger: Logger
  private let services: [LoopBound<LoopServices>]
  private let lifecycle: Lifecycle
  private let server: HTTPServer
  private let sweeper: StoreSweeper
  private let resilience: ResilienceServices

  private init(
    group: EventLoopGroup, configuration: Configuration, logger: Logger,
    services: [LoopBound<LoopServices>], lifecycle: Lifecycle, server: HTTPServer,
    sweeper: StoreSweeper, resilience: ResilienceServices
  ) {
    self.group = group
    self.configuration = configuration
    self.logger = logger
    self.services = services
    self.lifecycle = lifecycle
    self.server = server
    self.sweeper = sweeper
    self.resilience = resilience
  }

  /// Builds everything from a configuration and listens.
  /// - Throws: `GatewayStartError` with one sentence for the operator.
  package static func start(
    _ configuration: Configuration, group: EventLoopGroup, logger: Logger
  ) async throws(GatewayStartError) -> Gateway {
    let lifecycle = Lifecycle()
    let shared = try await SharedServices(
      configuration, group: group, lifecycle: lifecycle, logger: logger)
    do {
      var services: [LoopBound<LoopServices>] = []
      for loop in group.loops {
        services.append(
          try await loop.run { LoopBound(try LoopServices(loop, shared), on: loop) })
      }
      try await check(shared.store, services[0], logger)
      shared.resilience.monitor(
        ProviderChecks.targets(shared, services[0]), configuration.health)
      let router = Router(shared: shared, services: services, logger: logger)
      let server = try await HTTPServer.start(
        group: group, host: configuration.listen.host, port: configuration.listen.port,
        configuration: try shared.serverConfiguration()
      ) { exchange in await router.handle(exchange) }
      return Gateway(
        group: group, configuration: configuration, logger: logger, services: services,
        lifecycle: lifecycle, server: server,
        sweeper: StoreSweeper(shared.store, services[0], logger), resilience: shared.resilience)
    } catch let error as GatewayStartError {
      throw error
    } catch {
      throw GatewayStartError("cannot listen at \(configuration.listen): \(error)")
    }
  }

  /// A store with wrong settings is found out now. One that is only away may come back.
  private static func check(
    _ store: any PictureStore, _ services: LoopBound<LoopServices>, _ logger: Logger
  ) async throws {
    do {
      try await services.loop.run { try await store.check(client: services.value.client) }
    } catch let error as StoreError where error.kind == .unavailable {
      logger.warning("the store of pictures does not answer: \(error.message)")
    } catch let error as StoreError {
      throw GatewayStartError("images.store: \(error.message)")
    }
  }

  /// The port that it listens at, also where 0 was asked for.
  package var port: Int { server.port }

  /// The base of its URLs: the configured host and the port.
  package var url: String {
    let host = configuration.listen.host
    let name = host.contains(":") ? "[\(host)]" : host
    return "\(configuration.tls == nil ? "http" : "https")://\(name):\(server.port)"
  }

  /// Stops gracefully: readiness fails at once, requests under way finish within the configured
  /// grace, then everything closes.
  /// - Returns: whether every request finished.
  package func stop() async -> Bool {
    lifecycle.beginDraining()
    server.announceClose()
    await sweeper.stop()
    logger.info("draining", ["grace_ms": .duration(configuration.shutdown.grace)])
    if configuration.shutdown.readinessDelay > .zero {
      let delay = configuration.shutdown.readinessDelay
      let loop = group.loops[0]
      try? await loop.run { try await loop.sleep(for: delay) }
    }
    let clean = await server.drain(within: configuration.shutdown.grace)
    await server.close()
    await resilience.close()
    logger.info("stopped", ["clean": .bool(clean)])
    return clean
  }
}

/// Why the gateway cannot run.
package struct GatewayStartError: Error, Sendable, CustomStringConvertible {
  package let description: String
  init(_ description: String) { self.description = description }
}

/// Whether the gateway still wants traffic.
final class Lifecycle: Sendable {
  private let draining = Atomic<Bool>(false)
  var isDraining: Bool { draining.load(ordering: .relaxed) }
  func beginDraining() { draining.store(true, ordering: .relaxed) }
}
