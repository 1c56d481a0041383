internal import Chat
internal import EventLoop
internal import HTTP
internal import Images
internal import Observability
internal import ToolLoop

/// What all loops share: immutable, or guarded by itself.
final class SharedServices: Sendable {
  let configuration: Configuration
  let directory: UpstreamDirectory
  let resilience: ResilienceServices
  let upstreamLimits: UpstreamLimits
  let upstreamBudgets: UpstreamBudgets
  let images: ImagePipeline
  let profiles: ImageProfiles
  let store: any PictureStore
  let storeDoubt = StoreDoubt()
  let memory: any TurnMemory
  let pictureMetrics: PictureMetrics
  let serverStatistics = ServerStatistics()
  let proposals: SharedProposals
  let paid: SharedPaidRequests
  let toolSettings: ToolLoopSettings
  let lifecycle: Lifecycle

  init(
    _ configuration: Configuration, group: EventLoopGroup, lifecycle: Lifecycle, logger: Logger
  ) async throws(GatewayStartError) {
    self.configuration = configuration
    self.lifecycle = lifecycle
    var upstreams: [ChatUpstream] = []
    for entry in configuration.upstreams {
      var upstream = try Self.upstream(entry)
      upstream.modelsWithoutTools.formUnion(
        configuration.catalog.modelsWithoutTools(at: entry.baseURL))
      upstreams.append(upstream)
    }
    directory = UpstreamDirectory(
      upstreams: upstreams, aliases: configuration.aliases.mapValues(UpstreamDirectory.Alias.init))
    upstreamLimits = UpstreamLimits(directory.upstreams)
    upstreamBudgets = UpstreamBudgets(directory.upstreams, RetryPolicy(configuration.retries))
    let catalog = try Self.catalog(configuration)
    resilience = try await .open(
      configuration, catalog, directory, group: group, logger: logger)
    pictureMetrics = PictureMetrics()
    images = Self.pipeline(configuration, catalog, resilience, pictureMetrics)
    profiles = ImageProfiles(
      configuration.images.profiles, standard: configuration.images.defaultProfile)
    store = try await Self.store(configuration, group)
    // One for each, so that what is slow for one keeps nothing from the others.
    let (state, limit) = (resilience.store, configuration.state.trialTimeout)
    memory = SharedTurnMemory(BriefStore(state, limit: limit))
    proposals = SharedProposals(BriefStore(state, limit: limit))
    paid = SharedPaidRequests(BriefStore(state, limit: limit))
    var tool = ToolLoopSettings()
    tool.maxIterations = configuration.imageTool.maxIterations
    tool.maxImages = configuration.imageTool.maxImagesPerRequest
    tool.keepAlive = configuration.imageTool.keepAlive
    tool.stream.arguments = configuration.imageTool.argumentBytes.bytes
    toolSettings = tool
  }

  /// Who is told of tool calls.
  var toolObserver: any ToolObserver {
    configuration.metrics.enabled ? pictureMetrics : NoToolObserver()
  }

  var defaultImageTool: EaselOptions.ImageTool {
    guard configuration.imageTool.enabled else { return .off }
    return switch configuration.imageTool.defaultMode {
    case .auto: .auto
    case .off: .off
    case .confirm: .confirm
    }
  }

  private static func upstream(
    _ configuration: UpstreamConfiguration
  ) throws(GatewayStartError) -> ChatUpstream {
    var upstream = ChatUpstream(
      name: configuration.name, baseURL: try url(configuration.baseURL, configuration.name),
      apiKey: configuration.apiKey)
    upstream.keyVariable = configuration.apiKeyVariable
    upstream.forwardsAuthorization = configuration.forwardAuthorization
    if case .listed(let models) = configuration.models { upstream.models = .listed(models) }
    upstream.supportsTools = configuration.tools
    upstream.modelsWithoutTools = configuration.modelsWithoutTools
    upstream.timeouts.connect = configuration.timeouts.connect
    upstream.timeouts.firstByte = configuration.timeouts.firstByte
    upstream.timeouts.idle = configuration.timeouts.idle
    upstream.authorityFile = configuration.caFile
    upstream.concurrency = configuration.concurrency
    upstream.queue = configuration.queue
    upstream.queueTimeout = configuration.queueTimeout
    for header in configuration.headers {
      do { try upstream.headers.append(header.name, header.value.reveal()) } catch {
        throw GatewayStartError("upstream \(configuration.name): \(error.message)")
      }
    }
    return upstream
  }

  static func url(_ text: String, _ owner: String) throws(GatewayStartError) -> HTTPURL {
    do throws(HTTPURL.HTTPURLError) { return try HTTPURL(text) } catch {
      throw GatewayStartError("\(owner): base_url: \(error.message)")
    }
  }

  /// The bounds that clients are held to.
  func serverConfiguration() throws(GatewayStartError) -> ServerConfiguration {
    var server = ServerConfiguration()
    server.statistics = serverStatistics
    server.limits.body = configuration.limits.body.bytes
    server.headerTimeout = configuration.limits.headerTimeout
    server.bodyTimeout = configuration.limits.bodyTimeout
    server.idleTimeout = configuration.limits.idleTimeout
    server.writeTimeout = configuration.limits.writeTimeout
    server.connections = configuration.limits.connections
    if let tls = configuration.tls {
      do throws(StreamError) {
        server.tls = try TLSContext(certificateFile: tls.certificate, keyFile: tls.key)
      } catch {
        throw GatewayStartError("tls: \(error)")
      }
    }
    return server
  }
}
