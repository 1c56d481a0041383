internal import Observability

/// A time series: a family, and the values of its labels.
struct Series: Hashable, Sendable {
  let family: Family
  private(set) var values: [String]

  init(_ family: Family, _ values: String...) {
    self.family = family
    self.values = values
  }

  /// What stands for all series of the family that are too many.
  var other: Series {
    var series = self
    series.values = values.map { _ in "other" }
    return series
  }

  /// The families that are counted by hand, with the names of their labels.
  enum Family: Int, CaseIterable, Sendable {
    case retries, fallbacks
    case toolCalls, images, imageAttempts, imageCost, imageFallbacks, doubleCharges

    var name: String {
      switch self {
      case .retries: "easel_upstream_retries"
      case .fallbacks: "easel_upstream_fallbacks"
      case .toolCalls: "easel_tool_calls"
      case .images: "easel_images"
      case .imageAttempts: "easel_image_attempts"
      case .imageCost: "easel_image_cost_dollars"
      case .imageFallbacks: "easel_image_fallbacks"
      case .doubleCharges: "easel_image_possible_double_charges"
      }
    }

    var help: String {
      switch self {
      case .retries: "Requests repeated at the same upstream"
      case .fallbacks: "Requests that another upstream took over"
      case .toolCalls: "Calls of the gateway's tools by chat models"
      case .images: "Pictures made"
      case .imageAttempts: "Image models asked"
      case .imageCost: "What pictures have cost, in US dollars"
      case .imageFallbacks: "Image models passed over"
      case .doubleCharges:
        "Failures after which another model was asked though it may be charged for"
      }
    }

    var labels: [String] {
      switch self {
      case .retries: ["upstream", "reason"]
      case .fallbacks: ["from_upstream", "reason"]
      case .toolCalls: ["tool", "result"]
      case .images, .imageCost: ["provider", "model"]
      case .imageAttempts: ["provider", "model", "result"]
      case .imageFallbacks, .doubleCharges: ["from_provider", "reason"]
      }
    }

    /// Parts of a unit that are counted: costs in millionths, so that sums are exact.
    var parts: Int { self == .imageCost ? 1_000_000 : 1 }
  }
}

/// Counts by series. Bounded: when a family has very many series, what would be a new one is counted
/// as `other`, so that sums stay right.
struct SeriesCounts: Sendable {
  private(set) var counts: [Series: Int] = [:]
  /// Series of each family.
  private var sizes: [Series.Family: Int] = [:]
  private static let capacity = 1000

  mutating func add(_ series: Series, _ number: Int = 1) {
    if counts[series] == nil {
      let size = sizes[series.family, default: 0]
      guard size < Self.capacity else { return counts[series.other, default: 0] += number }
      sizes[series.family] = size + 1
    }
    counts[series, default: 0] += number
  }

  /// Counts an amount of dollars; one that is not to be believed is not counted.
  mutating func add(_ series: Series, dollars: Double) {
    guard (0...1_000_000).contains(dollars) else { return }
    add(series, Int((dollars * Double(series.family.parts)).rounded()))
  }

  /// Has a series there, with 0 where nothing of it was counted, as long as there is room.
  mutating func prepare(_ series: Series) {
    guard counts[series] == nil, sizes[series.family, default: 0] < Self.capacity else { return }
    sizes[series.family, default: 0] += 1
    counts[series] = 0
  }

  mutating func add(_ other: SeriesCounts) {
    for (series, number) in other.counts { add(series, number) }
  }

  func write(to writer: inout MetricsWriter) {
    for family in Series.Family.allCases {
      writer.family(family.name, .counter, family.help)
      let own = counts.filter { $0.key.family == family }
      for (series, count) in own.sorted(by: {
        $0.key.values.lexicographicallyPrecedes($1.key.values)
      }) {
        let labels = Array(zip(family.labels, series.values)).map { (name: $0.0, value: $0.1) }
        if family.parts == 1 {
          writer.sample(labels, count)
        } else {
          writer.sample(labels, Double(count) / Double(family.parts))
        }
      }
    }
  }
}
