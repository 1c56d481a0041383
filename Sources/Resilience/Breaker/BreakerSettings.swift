/// When a breaker opens, for how long, and how it tries again. The defaults are Easel's for image
/// providers; ``clamped()`` says the bounds.
package struct BreakerSettings: Sendable, Hashable {
  /// Failures within ``window`` that open the breaker; nil: their number alone never opens it.
  package var failureCount: Int? = 5
  /// Failures in a row, as one gateway sees them, that open the breaker; nil: off.
  package var consecutiveFailures: Int?
  /// How far back calls are counted.
  package var window: Duration = .seconds(600)
  /// Parts of the window. A call is forgotten at most one part before it is `window` old.
  package var windowBuckets: Int = 60
  /// The share of failed calls that opens the breaker; nil: off.
  package var failureRate: RateRule?
  /// The share of slow calls that opens the breaker; nil: off.
  package var slowCalls: SlowCallRule?

  /// How long the breaker stays open the first time.
  package var openTime: Duration = .seconds(600)
  /// The factor on ``openTime`` for each time in a row that it opens without closing in between.
  package var openTimeGrowth: Double = 2
  /// The longest time that the breaker stays open, jitter included.
  package var openTimeCap: Duration = .seconds(3600)
  /// The spread of the open time, as a share to both sides, so that breakers which opened together
  /// don't try again together.
  package var openTimeJitter: Double = 0.2
  /// How long a trial may run before another may be taken in its place.
  package var trialLease: Duration = .seconds(30)

  /// How long no call is made after a 429 that doesn't say when to come back.
  package var coolDown: Duration = .seconds(5)
  /// The longest time that a `retry-after` is believed.
  package var coolDownCap: Duration = .seconds(3600)
  /// How long no call is made with a key that the provider rejected.
  package var badKeyTime: Duration = .seconds(900)
  /// How long no call is made on an account without credit.
  package var noCreditTime: Duration = .seconds(1800)

  /// The defaults.
  package init() {}

  /// The settings for chat upstreams: they are asked all the time, so that a failure shows soon and
  /// is over soon. Opens at five failures in a row, or at half of at least twenty calls within ten
  /// seconds; for five seconds at first, and a minute at most.
  package static var chat: BreakerSettings {
    var settings = BreakerSettings()
    settings.failureCount = nil
    settings.consecutiveFailures = 5
    settings.window = .seconds(10)
    settings.windowBuckets = 10
    settings.failureRate = RateRule()
    settings.openTime = .seconds(5)
    settings.openTimeCap = .seconds(60)
    settings.coolDownCap = .seconds(60)
    return settings
  }
}

/// A share of calls that opens a breaker, once there are enough calls to speak of a share.
package struct RateRule: Sendable, Hashable {
  /// The share, above 0 and at most 1, from which the breaker opens.
  package var rate: Double
  /// The calls within the window below which the share says nothing.
  package var minimumCalls: Int

  /// Opens at `rate` of at least `minimumCalls` calls.
  package init(rate: Double = 0.5, minimumCalls: Int = 20) {
    self.rate = rate
    self.minimumCalls = minimumCalls
  }
}

/// What a slow call is, and the share of them that opens a breaker.
package struct SlowCallRule: Sendable, Hashable {
  /// A successful call that took longer is slow.
  package var threshold: Duration
  /// The share of slow calls among all.
  package var share: RateRule

  /// Opens when `share` of the calls took longer than `threshold`.
  package init(threshold: Duration, share: RateRule = RateRule()) {
    self.threshold = threshold
    self.share = share
  }
}
