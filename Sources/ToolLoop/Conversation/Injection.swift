package import Chat
internal import OpenAIWire

/// Whether a request is offered the image tool.
package enum Injection {
  /// The rules of the wire contract. A request that fails one of them is relayed as it is.
  package static func applies(
    to request: ChatRequest, route: UpstreamDirectory.Route, mode: EaselOptions.ImageTool,
    hasProviders: Bool
  ) -> Bool {
    guard mode != .off, hasProviders, route.upstream.canCallTools(route.model) else {
      return false
    }
    if let count = request["n"]?.int, count > 1 { return false }
    if request["tool_choice"]?.isString("none") == true { return false }
    // The older form of tools; servers refuse both in one request.
    if request["functions"].map({ !$0.isNull }) == true { return false }
    let tools = request["tools"]
    guard tools == nil || tools?.isNull == true || tools?.kind == .array else { return false }
    if let tools, tools.elements.contains(where: { name(of: $0) == GenerateImageTool.name }) {
      return false
    }
    let hasTools = tools?.elements.contains { _ in true } ?? false
    if !hasTools, let format = request["response_format"]?["type"]?.string, format != "text" {
      return false
    }
    return true
  }

  private static func name(of tool: JSONSlice) -> String? { tool["function"]?["name"]?.string }
}
