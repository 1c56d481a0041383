package import OpenAIWire

/// A call of OpenAI's images API as its clients make it
/// (platform.openai.com/docs/api-reference/images), with the gateway's own additions.
package struct ImagesCall: Sendable {
  /// How pictures are put into an answer.
  package enum ResponseFormat: String, Sendable, CaseIterable {
    case base64 = "b64_json"
    case url
  }

  package var request: ImageRequest
  /// `b64_json` where the client does not say.
  package var format = ResponseFormat.base64
  /// Whether the answer is a stream of events.
  package var isStreamed = false
  /// The proposal that is to be drawn, in place of `request`.
  package var proposal: String?
  /// The pictures of a JSON body, which `request` does not hold yet.
  var named: NamedPictures?

  /// Reads the JSON body of `POST /v1/images/generations`.
  /// - Throws: `OpenAIError` with status 400 that names the field and what is allowed.
  package static func generation(_ body: [UInt8]) throws(OpenAIError) -> ImagesCall {
    let object = try object(body)
    let parameters = JSONParameters(object: object)
    var call = ImagesCall(request: ImageRequest(prompt: ""))
    call.proposal = try proposal(object)
    if call.proposal == nil { call.request.prompt = try prompt(parameters) }
    try call.read(parameters)
    return call
  }

  static func object(_ body: [UInt8]) throws(OpenAIError) -> JSONSlice {
    let object: JSONSlice
    do throws(JSONError) { object = try JSONSlice.parse(body) } catch { throw .invalidJSON(error) }
    guard object.kind == .object else {
      throw .invalidRequest("The request body must be a JSON object.")
    }
    // Each field is looked up by a walk over all of them, so there must not be millions.
    let members = Array(object.entries.prefix(JSONScanner.maxMembers + 1))
    guard members.count <= JSONScanner.maxMembers else {
      throw .invalidRequest("The body has more than \(JSONScanner.maxMembers) fields.")
    }
    let acted = common.union(generated).union(edited)
    if let twice = JSONScanner.duplicates(of: Array(acted), in: members, body).first {
      throw .invalidRequest(
        "The field '\(twice)' stands twice in the body. Send it once.", param: twice)
    }
    return object
  }

  static func prompt(_ parameters: some ImageParameters) throws(OpenAIError) -> String {
    let rule = OpenAIError.invalidRequest(
      "The field 'prompt' must be a text of 1 to 32000 characters.", param: "prompt")
    let prompt: String?
    do throws(OpenAIError) { prompt = try parameters.text("prompt", 32_000) } catch { throw rule }
    guard let prompt, prompt.contains(where: { !$0.isWhitespace }) else { throw rule }
    return prompt
  }

  /// The gateway's own object.
  private static func proposal(_ object: JSONSlice) throws(OpenAIError) -> String? {
    guard let easel = object["easel"], !easel.isNull else { return nil }
    guard easel.kind == .object else {
      throw .invalidRequest("The field 'easel' must be an object.", param: "easel")
    }
    for (key, _) in easel.members where key != "proposal" {
      throw .invalidRequest(
        "The field 'easel.\(key.prefix(64))' is unknown. Known is proposal.", param: "easel")
    }
    return try JSONParameters(object: easel).text("proposal", 64)
  }

  /// The fields of every call.
  private static let common: Set<String> = [
    "model", "n", "size", "quality", "style", "background", "output_format", "output_compression",
    "moderation", "input_fidelity", "user", "negative_prompt", "seed", "steps", "guidance_scale",
    "response_format", "stream", "partial_images",
  ]
  /// What a generation has besides, and an edit.
  private static let generated: Set<String> = ["prompt", "easel"]
  private static let edited: Set<String> = ["prompt", "image", "images", "mask"]

  /// The fields that mean something to an operation.
  private static func known(_ operation: ImageRequest.Operation) -> Set<String> {
    switch operation {
    case .generate: common.union(generated)
    case .edit: common.union(edited)
    case .variation: common
    }
  }
  /// Unknown fields that are named, and bytes of a name.
  private static let mostUnknown = (fields: 20, bytes: 64)

  /// Reads what generations, edits and variations have in common.
  mutating func read(_ parameters: some ImageParameters) throws(OpenAIError) {
    let known = Self.known(request.operation)
    request.unknownFields = parameters.names.filter { !known.contains($0) }
      .prefix(Self.mostUnknown.fields).map { String($0.prefix(Self.mostUnknown.bytes)) }
    request.model = try parameters.text("model", 256)
    request.quality = try parameters.text("quality", 32)
    request.style = try parameters.text("style", 64)
    request.background = try parameters.word("background", ["transparent", "opaque", "auto"])
    request.outputFormat = try parameters.word("output_format", ["png", "jpeg", "webp"])
    request.moderation = try parameters.word("moderation", ["low", "auto"])
    request.inputFidelity = try parameters.word("input_fidelity", ["low", "high"])
    request.user = try parameters.text("user", 512)
    request.negativePrompt = try parameters.text("negative_prompt", 32_000)
    request.count = try parameters.integer("n", 1...10) ?? 1
    request.seed = try parameters.integer("seed", 0...4_294_967_295)
    request.steps = try parameters.integer("steps", 1...500)
    request.guidance = try parameters.number("guidance_scale", 0...100)
    request.outputCompression = try parameters.integer("output_compression", 0...100)
    if let size = try parameters.text("size", 32), size != "auto" {
      guard let parsed = ImageSize(size) else {
        throw .invalidRequest(
          "The field 'size' must be 'auto' or WIDTHxHEIGHT, such as 1024x1024.", param: "size")
      }
      request.size = parsed
    }
    if let word = try parameters.word("response_format", ResponseFormat.allCases.map(\.rawValue)) {
      format = ResponseFormat(rawValue: word) ?? .base64
    }
    isStreamed = try parameters.flag("stream") ?? false
    request.partialImages = try parameters.integer("partial_images", 0...3) ?? 0
  }
}
