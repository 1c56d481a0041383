internal import Chat
internal import EventLoop
internal import HTTP
internal import Observability

/// What one loop has for itself: its connections to upstreams. Loop-bound.
final class LoopServices {
  let loop: EventLoop
  let client: HTTPClient
  var requestIDs = RequestIDGenerator()
  let metrics = LoopMetrics()
  /// Whether anything is counted.
  let counts: Bool
  private var clients: [String: HTTPClient] = [:]
  /// How chat upstreams are asked.
  private(set) lazy var upstreams = UpstreamServices(
    loop: loop, board: resilience.isEnabled ? resilience.board : nil,
    asksLastResort: asksLastResort, policy: policy, limits: limits, budgets: budgets,
    observer: counts ? ChatMetrics(LoopBound(metrics, on: loop)) : NoChatObserver()
  ) { [unowned self] in client(trusting: $0) }
  private let resilience: ResilienceServices
  private let policy: RetryPolicy
  private let asksLastResort: Bool
  private let limits: UpstreamLimits
  private let budgets: UpstreamBudgets

  init(_ loop: EventLoop, _ shared: SharedServices) throws {
    self.loop = loop
    counts = shared.configuration.metrics.enabled
    if counts { metrics.watch(loop) }
    resilience = shared.resilience
    policy = RetryPolicy(shared.configuration.retries)
    asksLastResort = shared.configuration.circuitBreaker.lastResort
    limits = shared.upstreamLimits
    budgets = shared.upstreamBudgets
    let configuration = try Self.clientConfiguration(shared.configuration)
    client = HTTPClient(loop: loop, tls: try TLSContext(client: nil), configuration: configuration)
    for upstream in shared.directory.upstreams {
      guard let file = upstream.authorityFile, clients[file] == nil else { continue }
      do {
        clients[file] = HTTPClient(
          loop: loop, tls: try TLSContext(client: file), configuration: configuration)
      } catch {
        throw GatewayStartError("upstream \(upstream.name): ca_file: \(error)")
      }
    }
  }

  private static func clientConfiguration(
    _ configuration: Configuration
  ) throws -> HTTPClientConfiguration {
    var client = HTTPClientConfiguration()
    if let proxy = configuration.proxy {
      let host = proxy.host.contains(":") ? "[\(proxy.host)]" : proxy.host
      client.proxy = ProxyConfiguration(
        url: try HTTPURL("http://\(host):\(proxy.port)"),
        authorization: proxy.credentials.map { "Basic " + Base64Text.encode($0.reveal()) }
      ) { host, port in proxy.applies(toHost: host, port: port) }
    }
    return client
  }

  /// The client that trusts the authorities of a PEM file.
  func client(trusting file: String?) -> HTTPClient { file.flatMap { clients[$0] } ?? client }
}

/// Base64 for one short header (RFC 4648, section 4).
private enum Base64Text {
  static func encode(_ text: String) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    let bytes = Array(text.utf8)
    var result = ""
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = (0..<3).map { start + $0 < bytes.count ? Int(bytes[start + $0]) : 0 }
      let bits = group[0] << 16 | group[1] << 8 | group[2]
      for (index, shift) in [18, 12, 6, 0].enumerated() {
        result.append(start + index <= bytes.count ? alphabet[bits >> shift & 63] : "=")
      }
    }
    return result
  }
}
