internal import HTTP
internal import Observability

/// What the environment decides about a provider: its key, whether it may be used, and where it is.
enum ProviderAccess {
  /// A variable that cannot be understood; the message never repeats what it holds.
  struct Problem: Error {
    let message: String
  }

  /// The key in a variable; nil where it is not set.
  static func key(
    _ variable: String, in environment: [String: String]
  ) throws(Problem) -> Secret? {
    guard let text = environment[variable] else { return nil }
    do throws(Secret.MalformedKey) { return try Secret.key(in: text) } catch {
      throw Problem(message: "\(variable) \(error.message)")
    }
  }

  /// Whether a feature flag lets its provider be used: yes, unless it says no.
  static func isEnabled(
    _ flag: String, in environment: [String: String]
  ) throws(Problem) -> Bool {
    let word = environment[flag]?.lowercased().filter { !$0.isWhitespace } ?? ""
    switch word {
    case "", "true", "1", "on", "yes": return true
    case "false", "0", "off", "no": return false
    default:
      throw Problem(
        message: "\(flag) is \(Quoted(word)); true, 1, on, yes, false, 0, off or no is allowed")
    }
  }

  /// The base URL in a variable; nil where it is not set.
  static func baseURL(
    _ variable: String, in environment: [String: String]
  ) throws(Problem) -> HTTPURL? {
    guard let text = environment[variable], !text.isEmpty else { return nil }
    do throws(Problem) { return try baseURL(text) } catch {
      throw Problem(message: "\(variable): \(error.message)")
    }
  }

  /// Reads the URL that paths are appended to. The text is not repeated: it may hold a password.
  static func baseURL(_ text: String) throws(Problem) -> HTTPURL {
    let allowed = "https://HOST/PATH or http://HOST:PORT/PATH is allowed"
    let url: HTTPURL
    do throws(HTTPURL.HTTPURLError) { url = try HTTPURL(text) } catch {
      throw Problem(message: "is no base URL: \(error.message); \(allowed)")
    }
    guard !text.contains("?"), !text.contains("#") else {
      throw Problem(message: "has a query (?) or a fragment (#); \(allowed)")
    }
    for end in ["/images/generations", "/images/edits", "/chat/completions"]
    where url.path.hasSuffix(end) {
      throw Problem(message: "must end before \(end), which is added by itself; \(allowed)")
    }
    return url
  }
}
