package import Chat
internal import OpenAIWire

/// Which of the gateway's tools a request may use.
package enum Injection {
  /// The rules of the wire contract. A request for which there are no tools is relayed as it is.
  /// - Parameters:
  ///   - hasProviders: whether pictures can be drawn.
  ///   - canEdit: whether pictures can be changed. The tool for it is there only beside the other,
  ///     and is offered once the conversation holds a picture.
  package static func tools(
    for request: ChatRequest, target: UpstreamTarget, mode: EaselOptions.ImageTool,
    hasProviders: Bool, canEdit: Bool
  ) -> ImageTools {
    guard mode != .off, hasProviders, target.canCallTools else { return [] }
    if let count = request[.n]?.int, count > 1 { return [] }
    if request[.toolChoice]?.isString("none") == true { return [] }
    // The older form of tools; servers refuse both in one request.
    if request[.functions].map({ !$0.isNull }) == true { return [] }
    let tools = request[.tools]
    guard tools == nil || tools?.isNull == true || tools?.kind == .array else { return [] }
    let names = tools?.elements.compactMap(name) ?? []
    if names.contains(ImageTool.generate.rawValue) { return [] }
    let hasTools = tools?.elements.contains { _ in true } ?? false
    if !hasTools, let format = request[.responseFormat]?["type"]?.string, format != "text" {
      return []
    }
    return canEdit && !names.contains(ImageTool.edit.rawValue) ? [.generate, .edit] : [.generate]
  }

  private static func name(of tool: JSONSlice) -> String? { tool["function"]?["name"]?.string }
}
