internal import HTTP
internal import OpenAIWire

/// Google's two forms of one API: the Gemini API, with a key in `x-goog-api-key`
/// (ai.google.dev/api), and Vertex AI, where the base URL ends in the location of a project and the
/// key is an OAuth token (cloud.google.com/vertex-ai/generative-ai/docs/model-reference). The second
/// is meant where the provider's option `api` is `vertex`.
struct GoogleAPI {
  let link: ProviderLink

  var isVertex: Bool { link.provider.options["api"] == "vertex" }

  var headers: HeaderFields {
    var headers = HeaderFields()
    guard link.provider.apiKey != nil else { return headers }
    if isVertex {
      headers.set("authorization", "Bearer \(link.key)", orDrop: ())
    } else {
      headers.set("x-goog-api-key", link.key, orDrop: ())
    }
    return headers
  }

  /// The URL of a method of a model, such as `generateContent`.
  func url(_ model: ImageModel, _ method: String) -> HTTPURL {
    link.url("\(isVertex ? "publishers/google/" : "")models/\(model.wireID):\(method)")
  }

  /// The names of the models that have a method; nil on Vertex, which lists no publisher's models.
  func models(with method: String) async throws(ImageFailure) -> [String]? {
    guard !isVertex else { return nil }
    let answer = try await link.send(.get, link.url("models?pageSize=1000"), headers)
    guard answer.head.status == 200 else { throw GoogleFailure.read(answer, link) }
    guard let models = (try? JSONSlice.parse(answer.body))?["models"], models.kind == .array else {
      throw link.malformed("answered without a list of models")
    }
    return models.elements.compactMap { model in
      let methods = model["supportedGenerationMethods"]
      guard methods?.elements.contains(where: { $0.isString(method) }) != false else { return nil }
      return model["name"]?.string.map { $0.hasPrefix("models/") ? String($0.dropFirst(7)) : $0 }
    }
  }

  /// Asks for one model of the list, or, on Vertex, for the location that the base URL names.
  func checkKey() async throws(ImageFailure) {
    let url = isVertex ? link.provider.baseURL : link.url("models?pageSize=1")
    let answer = try await link.send(.get, url, headers)
    guard answer.head.status == 200 else { throw GoogleFailure.read(answer, link) }
  }
}
