package import Observability

/// Everything that an operator decides, read from flags, the environment and a file, in this order
/// of precedence, over the defaults that stand here.
package struct Configuration: Sendable, Hashable {
  /// Where the gateway listens; default `127.0.0.1:8080`.
  package var listen = ListenAddress(host: "127.0.0.1", port: 8080)
  /// Event loops; default one for each core.
  package var threads = ThreadCount.auto
  /// The base URL in links to pictures, without a slash at its end; nil takes the request's `Host`.
  package var publicURL: String?
  /// The certificate to serve HTTPS with; nil serves HTTP.
  package var tls: TLSConfiguration?
  /// Bounds on what a client may send and hold.
  package var limits = LimitsConfiguration()
  /// The chat servers, in the file's order; never empty once loaded.
  package var upstreams: [UpstreamConfiguration] = []
  /// Other names for models: alias to one or more of `model` and `upstream/model`.
  package var aliases: [String: AliasConfiguration] = [:]
  /// What happens after an upstream has failed.
  package var retries = RetryConfiguration()
  /// The `generate_image` tool.
  package var imageTool = ImageToolConfiguration()
  /// Who makes pictures, and where they are kept.
  package var images = ImagesConfiguration()
  /// The provider catalog; empty where there is none.
  package var catalog = CatalogConfiguration()
  /// Where breakers and other state are kept.
  package var state = StateConfiguration()
  /// When providers that fail are left alone.
  package var circuitBreaker = CircuitBreakerConfiguration()
  /// What is found out about providers besides their answers.
  package var health = HealthConfiguration()
  /// Who may change the gateway while it runs.
  package var admin = AdminConfiguration()
  /// What is counted.
  package var metrics = MetricsConfiguration()
  /// How the process stops.
  package var shutdown = ShutdownConfiguration()
  /// What is logged.
  package var log = LogConfiguration()
  /// The proxy for requests to https upstreams; nil connects to them directly.
  package var proxy: ProxySettings?
  /// What is odd but not wrong: logged by `easel serve`, printed by `easel check`.
  package var warnings: [ConfigurationWarning] = []

  /// The defaults; without an upstream.
  package init() {}
}

/// How many event loops run, each on its own thread.
package enum ThreadCount: Sendable, Hashable {
  /// One for each core.
  case auto
  /// 1 to 256.
  case exactly(Int)

  /// The number on a machine with `cores` cores.
  package func count(cores: Int) -> Int {
    switch self {
    case .auto: min(max(cores, 1), 256)
    case .exactly(let count): count
    }
  }
}

/// A certificate for serving HTTPS.
package struct TLSConfiguration: Sendable, Hashable {
  /// Path of a PEM file: the server's certificate, then the intermediate ones.
  package var certificate: String
  /// Path of a PEM file: the certificate's private key.
  package var key: String

  /// Both paths.
  package init(certificate: String, key: String) {
    self.certificate = certificate
    self.key = key
  }
}

/// Bounds on what a client may send and hold.
package struct LimitsConfiguration: Sendable, Hashable {
  /// The longest request body; default 64 MiB, 1 KiB to 1 GiB.
  package var body = ByteCount.mebibytes(64)
  /// The largest single picture, received or made; default 32 MiB, 1 KiB to 1 GiB.
  package var image = ByteCount.mebibytes(32)
  /// From a request's first byte to the end of its head; default 10 s, 100 ms to 1 h.
  package var headerTimeout = Duration.seconds(10)
  /// The longest pause within a request's body; default 30 s, 100 ms to 1 h.
  package var bodyTimeout = Duration.seconds(30)
  /// The longest time that a client may take no byte of its answer; default 60 s, 100 ms to 1 h.
  package var writeTimeout = Duration.seconds(60)
  /// How long a connection is kept between two requests; default 75 s, 100 ms to 1 h.
  package var idleTimeout = Duration.seconds(75)
  /// Client connections at one time, over all threads; default 10000, 1 to 1000000.
  package var connections = 10_000

  /// The defaults.
  package init() {}
}

/// How the process stops on SIGTERM and SIGINT.
package struct ShutdownConfiguration: Sendable, Hashable {
  /// How long requests in progress may take to end; default 120 s, 0 to 1 h.
  package var grace = Duration.seconds(120)
  /// How long the gateway still accepts requests while it already says that it is not ready;
  /// default 0 s, up to 10 min.
  package var readinessDelay = Duration.zero

  /// The defaults.
  package init() {}
}

/// What is logged.
package struct LogConfiguration: Sendable, Hashable {
  /// Lines that matter less are left out; default info.
  package var level = LogLevel.info
  /// Whether prompts of pictures may appear in debug lines; default false.
  package var prompts = false

  /// The defaults.
  package init() {}
}

/// Something in the configuration that is odd but not wrong.
package struct ConfigurationWarning: Sendable, Hashable {
  /// Where it is and what it means, in one line.
  package var message: String
  /// Whether `easel check` fails because of it.
  package var failsCheck: Bool

  /// A warning.
  package init(_ message: String, failsCheck: Bool = false) {
    self.message = message
    self.failsCheck = failsCheck
  }
}
