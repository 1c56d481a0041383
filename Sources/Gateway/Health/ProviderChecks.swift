internal import Chat
internal import EventLoop
internal import HTTP
internal import Observability
internal import Images
internal import Resilience

/// How providers are asked whether they are there: by their cheapest endpoint, at no cost.
enum ProviderChecks {
  /// The providers that can be asked, each with the way to do it.
  static func targets(
    _ shared: SharedServices, _ services: LoopBound<LoopServices>
  ) -> [HealthMonitor.Target] {
    let images = shared.images.catalog.providers.filter(\.isUsable).map { provider in
      HealthMonitor.Target(.image, provider: provider.name) {
        await run(services) { await check(provider, $0) }
      }
    }
    let chats = shared.directory.upstreams.map { upstream in
      HealthMonitor.Target(.chat, provider: upstream.name) {
        await run(services) { await check(upstream, $0) }
      }
    }
    return images + chats
  }

  private static func run(
    _ services: LoopBound<LoopServices>,
    _ body: @escaping @Sendable (LoopServices) async -> CheckResult
  ) async -> CheckResult {
    let result = try? await services.loop.run { await body(services.value) }
    return result ?? .down("cancelled")
  }

  private static func check(
    _ provider: ImageProvider, _ services: LoopServices
  ) async -> CheckResult {
    switch await ProviderCheck.ask(provider, client: services.client) {
    // A server that has no such list is there all the same, and so is one that asks for patience:
    // that is no failure, and what calls find out about the account holds for calls.
    case .accepted, .failed(.notFound, _), .failed(.rateLimited, _), .failed(.outOfCredit, _): .up
    case .failed(.badKey, _): .badKey(ImageFailure.Kind.badKey.rawValue)
    case .failed(let kind, _): .down(kind.rawValue)
    }
  }

  /// An upstream that has no list of models is there all the same; one without a key of ours is not
  /// asked for more than an answer.
  private static func check(
    _ upstream: ChatUpstream, _ services: LoopServices
  ) async -> CheckResult {
    let request = PreparedUpstream(upstream).request(
      .get, "models", client: HeaderFields(), requestID: services.requestIDs.next(), body: [])
    do throws(HTTPClientError) {
      let answer = try await services.client(trusting: upstream.authorityFile).send(
        request, bodyLimit: 8 << 20)
      switch answer.head.status {
      case 500...: return .down("status_\(answer.head.status)")
      // A key may be good for chats and not for the list: that is a 403.
      case 401: return upstream.forwardsAuthorization ? .up : .badKey("bad_key")
      default: return .up
      }
    } catch {
      if case .timeout = error.kind { return .down("timed_out") }
      return .down("unreachable")
    }
  }
}
