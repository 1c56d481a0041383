internal import Chat
internal import EventLoop
internal import Observability

/// What one loop counts. Loop-bound: plain numbers, added up with those of the other loops when
/// somebody looks at them.
final class LoopMetrics {
  private var counted = Figures()
  private var lag: LoopLag?

  /// Plain numbers.
  struct Figures: Sendable {
    var inFlight = 0
    var requests = FigureTable<RequestKey, RequestFigures>()
    var upstreams = FigureTable<UpstreamKey, UpstreamFigures>()
    var series = SeriesCounts()
    /// How late timers were, by loop.
    var lag: [Int: DurationHistogram] = [:]
    /// Chats that were offered the tools, by the calls of the chat model that they took.
    var rounds: [Int: Int] = [:]
  }

  /// Requests of one kind. All its parts are words of the gateway's own.
  struct RequestKey: Hashable, Sendable {
    let route: String
    let status: Int
    let outcome: String
  }

  struct RequestFigures: Sendable {
    var count = 0
    var bytesIn = 0
    var bytesOut = 0
    var total = DurationHistogram()
    var firstByte = DurationHistogram()
  }

  struct UpstreamKey: Hashable, Sendable {
    let upstream: String
    let result: String
  }

  struct UpstreamFigures: Sendable {
    var count = 0
    var total = DurationHistogram()
    var firstByte = DurationHistogram()
  }

  /// What has been counted.
  var figures: Figures {
    var figures = counted
    if let lag { figures.lag[lag.index] = lag.durations }
    return figures
  }

  /// Begins to watch how late the loop is, for as long as anybody holds this.
  func watch(_ loop: EventLoop) { lag = LoopLag(of: loop) }

  func began() { counted.inFlight += 1 }

  func ended(_ log: RequestLog) {
    counted.inFlight -= 1
    let key = RequestKey(route: log.route, status: log.status, outcome: log.outcome.name)
    counted.requests.update(key, fresh: RequestFigures()) { $0.add(log) }
    if let rounds = log.rounds { counted.rounds[rounds, default: 0] += 1 }
  }
}

extension LoopMetrics.RequestFigures {
  fileprivate mutating func add(_ log: RequestLog) {
    count += 1
    bytesIn += log.bytesIn
    bytesOut += log.bytesOut
    total.add(log.total)
    if let time = log.firstByte { firstByte.add(time) }
  }

  static func += (left: inout Self, right: Self) {
    left.count += right.count
    left.bytesIn += right.bytesIn
    left.bytesOut += right.bytesOut
    left.total += right.total
    left.firstByte += right.firstByte
  }
}

extension LoopMetrics.UpstreamFigures {
  fileprivate mutating func add(_ firstByte: Duration?, _ total: Duration) {
    count += 1
    self.total.add(total)
    if let firstByte { self.firstByte.add(firstByte) }
  }

  static func += (left: inout Self, right: Self) {
    left.count += right.count
    left.total += right.total
    left.firstByte += right.firstByte
  }
}

extension LoopMetrics.Figures {
  static func += (left: inout Self, right: Self) {
    left.inFlight += right.inFlight
    for (key, figures) in right.requests.entries {
      left.requests.update(key, fresh: .init()) { $0 += figures }
    }
    for (key, figures) in right.upstreams.entries {
      left.upstreams.update(key, fresh: .init()) { $0 += figures }
    }
    left.series.add(right.series)
    left.lag.merge(right.lag) { $1 }
    left.rounds.merge(right.rounds, uniquingKeysWith: +)
  }
}

/// What chat upstreams do, counted by the loop that asks them. A class, so that handing it on copies
/// nothing.
final class ChatMetrics: ChatObserver {
  private let metrics: LoopBound<LoopMetrics>

  init(_ metrics: LoopBound<LoopMetrics>) { self.metrics = metrics }

  func attempt(upstream: String, result: String, firstByte: Duration?, total: Duration) {
    let key = LoopMetrics.UpstreamKey(upstream: upstream, result: result)
    metrics.value.update { figures in
      figures.upstreams.update(key, fresh: .init()) { $0.add(firstByte, total) }
    }
  }

  func retry(upstream: String, reason: String) {
    metrics.value.update { $0.series.add(Series(.retries, upstream, reason)) }
  }

  func fallback(from upstream: String, reason: String) {
    metrics.value.update { $0.series.add(Series(.fallbacks, upstream, reason)) }
  }
}

extension LoopMetrics {
  fileprivate func update(_ body: (inout Figures) -> Void) { body(&counted) }
}
