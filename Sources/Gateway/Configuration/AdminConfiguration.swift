package import Observability

/// Who may change the gateway while it runs.
package struct AdminConfiguration: Sendable, Hashable {
  /// The environment variable that holds the operators' key; default `EASEL_ADMIN_KEY`.
  package var keyVariable = "EASEL_ADMIN_KEY"
  /// The key, which operators send as a bearer token; nil: nothing can be changed.
  package var key: Secret?

  /// The defaults: no key.
  package init() {}
}

extension AdminConfiguration {
  mutating func read(_ settings: inout SettingsReader) {
    if let variable = settings.value("key_env", SettingRule.variable) { keyVariable = variable }
  }
}
