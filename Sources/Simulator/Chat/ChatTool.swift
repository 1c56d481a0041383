internal import OpenAIWire

/// A function that the client offers.
struct ChatTool {
  let name: String
  /// The schema's `properties`, in order.
  let properties: [(name: String, schema: JSONSlice)]
  /// Names of the properties that must be given.
  let required: Set<String>

  init?(_ tool: JSONSlice) {
    guard let function = tool["function"], let name = function["name"]?.string, !name.isEmpty else {
      return nil
    }
    self.name = name
    let parameters = function["parameters"]
    properties = parameters?["properties"]?.members.map { ($0.key, $0.value) } ?? []
    required = Set(parameters?["required"]?.elements.compactMap(\.string) ?? [])
  }

  /// Whether this is the gateway's own tool for new pictures.
  var drawsPictures: Bool { name == "generate_image" }
  /// Whether this is the gateway's own tool for changes to pictures.
  var editsPictures: Bool { name == "edit_image" && schema(of: "image") != nil }

  /// The schema of a property.
  func schema(of property: String) -> JSONSlice? {
    properties.last { $0.name == property }?.schema
  }
}
