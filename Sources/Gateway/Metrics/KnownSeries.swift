internal import Chat
internal import Images
internal import Resilience
internal import ToolLoop

/// The series that are there from the start, with 0: Prometheus sees an increase only between two
/// samples, so that it would miss the first event of a series that begins with it.
///
/// They are made of names of the configuration and of words of the gateway's own, a few of each. What is
/// rarer, such as an uncommon status, comes with its first event.
struct KnownSeries {
  /// Names of the chat upstreams.
  let upstreams: [String]
  /// The models of the image providers that can be asked.
  let models: [ImageModel]

  init(upstreams: [String], models: [ImageModel]) {
    self.upstreams = upstreams
    self.models = models
  }

  init(_ shared: SharedServices) {
    self.init(
      upstreams: shared.directory.upstreams.map(\.name),
      models: shared.images.catalog.providers.filter(\.isUsable).flatMap(\.models))
  }

  /// Adds what loops count.
  func prepare(_ figures: inout LoopMetrics.Figures) {
    for route in Self.routes {
      for (status, outcome) in Self.ends {
        figures.requests.update(
          .init(route: route, status: status, outcome: outcome), fresh: .init()
        ) { _ in }
      }
    }
    for upstream in upstreams {
      for result in ["ok", "client_left"] + Self.failures {
        figures.upstreams.update(.init(upstream: upstream, result: result), fresh: .init()) { _ in }
      }
    }
  }

  /// Adds what is counted by hand.
  func prepare(_ series: inout SeriesCounts) {
    for upstream in upstreams {
      for reason in Self.failures { series.prepare(Series(.retries, upstream, reason)) }
      for reason in ["unavailable", "busy"] + Self.failures {
        series.prepare(Series(.fallbacks, upstream, reason))
      }
    }
    for tool in ImageTool.allCases {
      for result in ToolCallResult.allCases {
        series.prepare(Series(.toolCalls, tool.rawValue, result.rawValue))
      }
    }
    for model in models {
      series.prepare(Series(.images, model.provider, model.id))
      series.prepare(Series(.imageCost, model.provider, model.id))
      for result in ["ok"] + Self.imageFailures.map(\.rawValue) {
        series.prepare(Series(.imageAttempts, model.provider, model.id, result))
      }
    }
    for provider in Set(models.map(\.provider)) {
      series.prepare(Series(.imageFallbacks, provider, "unavailable"))
      for reason in Self.imageFailures.map(\.rawValue) {
        series.prepare(Series(.imageFallbacks, provider, reason))
        series.prepare(Series(.doubleCharges, provider, reason))
      }
    }
  }

  // MARK: Words

  /// What clients ask for work.
  static let routes =
    [
      "/v1/chat/completions", ImagesRoute.generations, ImagesRoute.edits, ImagesRoute.variations,
      ImagesRoute.alias,
    ] + RelayRoute.paths

  /// How requests end, most of them.
  static let ends: [(status: Int, outcome: String)] = [
    (200, "ok"), (400, "refused"), (429, "refused"), (500, "gateway_error"),
    (500, "upstream_error"), (502, "upstream_error"),
    (503, "gateway_error"), (503, "upstream_error"), (504, "upstream_error"), (0, "client_left"),
  ]

  /// How attempts at chat upstreams fail, most of them: ``AttemptFailure/reason``.
  static let failures = [
    "unreachable", "not_asked", "timed_out", "broken", "rate_limited", "bad_key", "out_of_credit",
    "stream_error", "status_400", "status_404", "status_500", "status_502", "status_503",
    "status_504", "status_529",
  ]

  /// How attempts at image models fail.
  static let imageFailures: [ImageFailure.Kind] = [
    .badRequest, .badKey, .refused, .rateLimited, .outOfCredit, .notFound, .overloaded, .timedOut,
    .unreachable, .malformed, .tooLarge, .cancelled,
  ]
}
