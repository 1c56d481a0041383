internal import HTTP
internal import Observability

/// The parts that image and chat providers have in common: where they are, and their key.
extension CatalogReader {
  /// Runs what reads the environment, and notes what is wrong with it at the key that names it.
  static func access<Value>(
    _ node: CatalogNode?, _ read: () throws(ProviderAccess.Problem) -> Value?
  ) -> Value? {
    do throws(ProviderAccess.Problem) { return try read() } catch {
      node?.fault(error.message)
      return nil
    }
  }

  /// The base URL: that of the environment, else that of the catalog.
  static func baseURL(_ object: CatalogObject) -> (url: HTTPURL?, variable: String?) {
    let written = object["baseUrl"].flatMap { node in
      node.text(upTo: 2048, repeating: false).flatMap { text in
        access(node) { () throws(ProviderAccess.Problem) in try ProviderAccess.baseURL(text) }
      }
    }
    let variable = variable(object["baseUrlEnv"])
    let set = variable.flatMap { name in
      access(object["baseUrlEnv"]) { () throws(ProviderAccess.Problem) in
        try ProviderAccess.baseURL(name, in: object.node.reading.environment)
      }
    }
    if object["baseUrl"] == nil && object["baseUrlEnv"] == nil {
      object.node.fault(
        "has neither 'baseUrl' nor 'baseUrlEnv'; one of them, or both, is needed")
    }
    return (set ?? written, variable)
  }

  /// The key and its variable.
  static func key(_ object: CatalogObject) -> (key: Secret?, variable: String?) {
    let node = object["apiKeyEnv"]
    let variable = variable(node)
    let key = variable.flatMap { name in
      access(node) { () throws(ProviderAccess.Problem) in
        try ProviderAccess.key(name, in: object.node.reading.environment)
      }
    }
    return (key, variable)
  }
}
