/// Tells the class of an error by its sentence, for servers whose status and code say less: xAI
/// answers a wrong key, and a refused prompt, with status 400 and
/// `{"code":"Client specified an invalid argument","error":"Incorrect API key provided: sk***gA."}`
/// (docs.x.ai/docs/api-reference).
enum WordedError {
  /// The class that an error tells of which is nothing but a sentence; nil where its status says it.
  static func kind(_ status: Int, _ text: String) -> ImageFailure.Kind? {
    let text = text.lowercased()
    if tellsOfKey(status, text) { return .badKey }
    guard status < 500 else { return nil }
    if status == 403 || status == 429, text.contains("credits") { return .outOfCredit }
    // A complaint about an argument names it, and `moderation` is the name of one.
    if status == 429 || text.contains("not supported") { return nil }
    let isRefusal = ContentRefusal.isNamed(in: text) || ProviderReason.tellsOfPolicy(text)
    return isRefusal || text.contains("usage guidelines") ? .refused : nil
  }

  /// Whether a sentence complains about the key; it may hold a part of it.
  static func tellsOfKey(_ status: Int, _ text: String) -> Bool {
    let text = text.lowercased()
    guard status < 500, text.contains("api key") else { return false }
    return ["incorrect", "invalid", "not valid"].contains { text.contains($0) }
  }
}
