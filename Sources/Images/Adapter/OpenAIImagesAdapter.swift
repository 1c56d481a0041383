internal import HTTP
internal import OpenAIWire

/// OpenAI's images API, Azure's and xAI's forms of it, and every server that copies it
/// (platform.openai.com/docs/api-reference/images;
/// learn.microsoft.com/azure/ai-services/openai/reference; docs.x.ai).
struct OpenAIImagesAdapter: ImageAdapter {
  /// Whether deployments stand in the path, and the key in `api-key`, as Azure has it.
  var isAzure = false

  func draw(
    _ job: ImageJob, over link: ProviderLink
  ) async throws(ImageFailure) -> ProviderAnswer {
    let encoder = OpenAIImagesEncoder(job, namesModel: !isAzure)
    var headers = authorization(link)
    headers.set("idempotency-key", job.idempotencyKey, orDrop: ())
    let path =
      switch job.request.operation {
      case .generate: "images/generations"
      case .edit: "images/edits"
      case .variation: "images/variations"
      }
    let body: [UInt8]
    if encoder.isJSON {
      body = encoder.json()
      headers.set("content-type", "application/json", orDrop: ())
    } else {
      let form = encoder.form()
      headers.set("content-type", form.contentType, orDrop: ())
      body = form.finished()
    }
    let url = url(path, job.model, link)
    var answer: ProviderAnswer
    if job.partial != nil {
      answer = try await OpenAIImagesStream(job: job, link: link).draw(url, headers, body)
    } else {
      headers.set("accept", "application/json", orDrop: ())
      let reply = try await link.send(
        .post, url, headers, body: body, pays: true, pictures: job.count)
      answer = try OpenAIImagesDecoder.decode(reply, over: link)
    }
    answer.adjusted = encoder.adjusted
    return answer
  }

  private func authorization(_ link: ProviderLink) -> HeaderFields {
    var headers = HeaderFields()
    guard link.provider.apiKey != nil else { return headers }
    if isAzure {
      headers.set("api-key", link.key, orDrop: ())
    } else {
      headers.set("authorization", "Bearer \(link.key)", orDrop: ())
    }
    return headers
  }

  private func url(_ path: String, _ model: ImageModel, _ link: ProviderLink) -> HTTPURL {
    guard isAzure else { return link.url(path) }
    let version = link.provider.options["apiVersion"] ?? "2025-04-01-preview"
    return link.url("openai/deployments/\(model.wireID)/\(path)?api-version=\(version)")
  }

  func checkKey(over link: ProviderLink) async throws(ImageFailure) {
    _ = try await listModels(over: link)
  }

  func listModels(over link: ProviderLink) async throws(ImageFailure) -> [String]? {
    let version = link.provider.options["apiVersion"] ?? "2025-04-01-preview"
    let path = isAzure ? "openai/models?api-version=\(version)" : "models"
    let answer = try await link.send(.get, link.url(path), authorization(link))
    let object = try? JSONSlice.parse(answer.body)
    guard answer.head.status == 200 else {
      // A key of OpenAI's may be good for pictures and not for the list
      // (help.openai.com/en/articles/8867743-assign-api-key-permissions).
      if object?["error"]?["message"]?.string?.contains("Missing scopes") == true { return nil }
      throw OpenAIImagesDecoder.failure(answer, object?["error"], link)
    }
    guard let data = object?["data"], data.kind == .array else {
      throw link.malformed("answered without a list of models")
    }
    return data.elements.compactMap { $0["id"]?.string }
  }
}
