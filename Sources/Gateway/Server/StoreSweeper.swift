internal import EventLoop
internal import Images
internal import Observability

/// Keeps the store of pictures within its bounds, every few minutes, on one loop.
final class StoreSweeper: Sendable {
  private let task: Task<Void, Never>

  /// The usual time between two sweeps; each wait is up to a fifth shorter or longer, so that
  /// gateways that share a store don't sweep at one time.
  private static let interval = 300.0

  init(_ store: any PictureStore, _ services: LoopBound<LoopServices>, _ logger: Logger) {
    let loop = services.loop
    task = Task(executorPreference: loop) {
      // The first one soon: what expired while no gateway ran has waited long enough.
      var wait = Double.random(in: 1...30)
      while (try? await loop.sleep(for: .seconds(wait))) != nil {
        let report = await store.sweep(client: services.value.client)
        Self.log(report, logger)
        wait = Self.interval * .random(in: 0.8...1.2)
      }
    }
  }

  /// Ends a sweep that is under way, and the task.
  func stop() async {
    task.cancel()
    await task.value
  }

  private static func log(_ report: SweepReport, _ logger: Logger) {
    let fields: LogFields = [
      "pictures": .int(report.pictures), "bytes": .int(report.bytes),
      "leftovers": .int(report.leftovers),
    ]
    if let failure = report.failure {
      logger.warning("the store of pictures cannot be swept: \(failure.message)", fields)
    } else if report.pictures > 0 || report.leftovers > 0 {
      logger.info("swept the store of pictures", fields)
    }
  }
}
