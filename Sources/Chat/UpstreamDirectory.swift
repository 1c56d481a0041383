package import Resilience

/// Which upstreams answer for which model. Immutable; shared by all loops.
package final class UpstreamDirectory: Sendable {
  /// In the order of the configuration.
  package let upstreams: [ChatUpstream]
  /// Names that stand for one or more targets.
  package let aliases: [String: Alias]
  /// Where a request goes that names no model: the first upstream.
  package let first: Route?
  /// The keys of the breakers that are known from the start.
  package let breakerKeys: Set<BreakerKey>
  private let routes: [String: Route]
  /// Those that take any model, in order.
  private let open: [PreparedUpstream]

  /// What an alias stands for.
  package struct Alias: Sendable, Hashable {
    /// `model` or `upstream/model`, each with its share where shares decide.
    package var targets: [Entry]

    /// One that it stands for.
    package struct Entry: Sendable, Hashable {
      package var target: String
      /// The share of requests that ask it first, among the sum of all; nil: the order decides.
      package var weight: Int?

      package init(_ target: String, weight: Int? = nil) {
        self.target = target
        self.weight = weight
      }
    }

    package init(_ targets: [Entry]) { self.targets = targets }
  }

  /// Where a request goes: the targets that can answer it, in the order in which they are asked.
  package struct Route: Sendable {
    /// At least one.
    package let targets: [UpstreamTarget]
    /// What the route is made of, where shares decide who is asked first.
    private let shares: [Share]?

    /// An entry of an alias: who answers for it, and its share of the requests.
    struct Share: Sendable {
      let targets: [UpstreamTarget]
      let weight: Int?
    }

    init?(_ targets: [UpstreamTarget]) {
      guard !targets.isEmpty else { return nil }
      self.targets = targets
      shares = nil
    }

    init?(_ shares: [Share]) {
      targets = shares.flatMap(\.targets)
      guard !targets.isEmpty else { return nil }
      self.shares = shares.contains { $0.weight != nil } ? shares : nil
    }

    /// The targets in the order for one request: by weight the first entry is drawn, then the next of
    /// what is left, and so on. Of an entry the first takes its requests, and the others stand in.
    package func order(using generator: inout some RandomNumberGenerator) -> [UpstreamTarget] {
      guard var left = shares, left.count > 1 else { return targets }
      var order: [UpstreamTarget] = []
      while left.count > 1 {
        let total = left.reduce(0) { $0 + ($1.weight ?? 0) }
        var number = Int.random(in: 0..<max(1, total), using: &generator)
        let index = left.firstIndex { entry in
          number -= entry.weight ?? 0
          return number < 0
        }
        order += left.remove(at: index ?? 0).targets
      }
      return order + left.flatMap(\.targets)
    }
  }

  /// - Parameters:
  ///   - upstreams: the first that lists a model gets its requests, and the others that list it
  ///     stand in for it; one that takes any model gets what nobody lists.
  package init(upstreams: [ChatUpstream], aliases: [String: Alias] = [:]) {
    self.upstreams = upstreams
    let prepared = upstreams.map(PreparedUpstream.init)
    first = prepared.first.flatMap { Route([UpstreamTarget(upstream: $0, model: "")]) }
    self.aliases = aliases
    let open = prepared.filter { $0.settings.models == .any }
    self.open = open
    var lists: [String: [UpstreamTarget]] = [:]
    for upstream in prepared {
      guard case .listed(let models) = upstream.settings.models else { continue }
      for model in models {
        let target = UpstreamTarget(upstream: upstream, model: model)
        lists[model, default: []].append(target)
        lists["\(upstream.name)/\(model)"] = [target]
      }
    }
    var routes = lists.compactMapValues { Route($0) }
    for (name, alias) in aliases {
      let shares = alias.targets.map { entry in
        let targets =
          lists[entry.target]
          ?? Self.target(entry.target, open, isConfigured: true).map { [$0] } ?? []
        return Route.Share(targets: targets, weight: entry.weight)
      }
      routes[name] = Route(shares.filter { !$0.targets.isEmpty })
    }
    self.routes = routes
    var keys = Set(routes.values.flatMap(\.targets).map(\.breakerKey))
    for upstream in open { keys.insert(BreakerKey(.chat, provider: upstream.name, model: "*")) }
    breakerKeys = keys
  }

  /// The route of a model name, alias or `upstream/model`; nil where no upstream has it.
  package func route(_ model: String) -> Route? {
    routes[model] ?? Self.target(model, open).flatMap { Route([$0]) }
  }

  /// What an upstream that takes any model makes of a name.
  private static func target(
    _ model: String, _ open: [PreparedUpstream], isConfigured: Bool = false
  ) -> UpstreamTarget? {
    guard let first = open.first else { return nil }
    if let slash = model.utf8.firstIndex(of: UInt8(ascii: "/")),
      let named = open.first(where: { $0.name == model[..<slash] })
    {
      return UpstreamTarget(
        upstream: named, model: String(model[slash...].dropFirst()), isConfigured: isConfigured)
    }
    return UpstreamTarget(upstream: first, model: model, isConfigured: isConfigured)
  }

  /// The names that a client may ask for, aliases first, each once, with who owns it.
  package var listedModels: [(id: String, owner: String)] {
    var seen: Set<String> = []
    var result: [(id: String, owner: String)] = []
    for alias in aliases.keys.sorted() where routes[alias] != nil && seen.insert(alias).inserted {
      result.append((alias, "easel"))
    }
    for upstream in upstreams {
      guard case .listed(let models) = upstream.models else { continue }
      for model in models where seen.insert(model).inserted {
        result.append((model, upstream.name))
      }
    }
    return result
  }
}
