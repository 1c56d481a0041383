internal import Images
internal import Observability
internal import Synchronization
internal import ToolLoop

/// What is rare enough to be counted by all loops together, behind a lock: pictures, and calls of the
/// tools that make them.
final class PictureMetrics: ImageObserver, ToolObserver {
  private struct State: Sendable {
    var series = SeriesCounts()
    var durations: [ModelName: DurationHistogram] = [:]
  }

  /// A provider's model, both of the configuration.
  struct ModelName: Hashable, Comparable, Sendable {
    let provider: String
    let model: String

    static func < (a: ModelName, b: ModelName) -> Bool {
      (a.provider, a.model) < (b.provider, b.model)
    }
  }

  private let state = Mutex(State())

  /// What was counted so far.
  var figures: (series: SeriesCounts, durations: [ModelName: DurationHistogram]) {
    state.withLock { ($0.series, $0.durations) }
  }

  func attempt(_ model: ImageModel, _ report: ImageAttemptReport) {
    state.withLock { state in
      let result = report.failure?.rawValue ?? "ok"
      state.series.add(Series(.imageAttempts, model.provider, model.id, result))
      if report.pictures > 0 {
        state.series.add(Series(.images, model.provider, model.id), report.pictures)
      }
      if let cost = report.cost {
        state.series.add(Series(.imageCost, model.provider, model.id), dollars: cost)
      }
      state.durations[
        ModelName(provider: model.provider, model: model.id), default: DurationHistogram()
      ].add(report.duration)
    }
  }

  func fallback(from model: ImageModel, reason: String, mayHaveBeenPaid: Bool) {
    state.withLock { state in
      state.series.add(Series(.imageFallbacks, model.provider, reason))
      if mayHaveBeenPaid { state.series.add(Series(.doubleCharges, model.provider, reason)) }
    }
  }

  func toolCall(_ tool: ImageTool, _ result: ToolCallResult) {
    state.withLock { $0.series.add(Series(.toolCalls, tool.rawValue, result.rawValue)) }
  }
}
