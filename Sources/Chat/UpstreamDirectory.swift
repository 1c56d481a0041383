/// Which upstream answers for which model. Immutable; shared by all loops.
package struct UpstreamDirectory: Sendable {
  /// In the order of the configuration.
  package let upstreams: [ChatUpstream]
  /// Names that stand for `model` or `upstream/model`.
  package let aliases: [String: String]
  private let routes: [String: Route]

  /// Where a request goes.
  package struct Route: Sendable {
    package let upstream: ChatUpstream
    /// The name that the upstream knows the model by.
    package let model: String
  }

  /// - Parameters:
  ///   - upstreams: the first that lists a model gets its requests; one that takes any model gets
  ///     what nobody lists.
  package init(upstreams: [ChatUpstream], aliases: [String: String] = [:]) {
    let upstreams = upstreams.map { $0.prepared() }
    self.upstreams = upstreams
    self.aliases = aliases
    var routes: [String: Route] = [:]
    for upstream in upstreams {
      guard case .listed(let models) = upstream.models else { continue }
      for model in models {
        let route = Route(upstream: upstream, model: model)
        if routes[model] == nil { routes[model] = route }
        routes["\(upstream.name)/\(model)"] = route
      }
    }
    for (alias, target) in aliases {
      routes[alias] = routes[target] ?? Self.open(target, upstreams)
    }
    self.routes = routes
  }

  /// The route of a model name, alias or `upstream/model`; nil where no upstream has it.
  package func route(_ model: String) -> Route? {
    routes[model] ?? Self.open(model, upstreams)
  }

  /// Where a request goes that names no model: the first upstream.
  package var first: Route? { upstreams.first.map { Route(upstream: $0, model: "") } }

  /// Finds an upstream that takes any model.
  private static func open(_ model: String, _ upstreams: [ChatUpstream]) -> Route? {
    if let slash = model.firstIndex(of: "/") {
      let name = model[..<slash]
      if let upstream = upstreams.first(where: { $0.name == name && $0.models == .any }) {
        return Route(upstream: upstream, model: String(model[model.index(after: slash)...]))
      }
    }
    return upstreams.first { $0.models == .any }.map { Route(upstream: $0, model: model) }
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
