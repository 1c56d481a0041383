internal import HTTP
internal import OpenAIWire

/// Azure OpenAI: deployments in the path, the key in `api-key`, and errors of its own
/// (learn.microsoft.com/azure/ai-services/openai/reference). A deployment is of the model whose name
/// it holds, and `gpt-image-1` otherwise; one whose name holds `missing` does not exist.
struct SimulatedAzure: SimulatedProvider {
  let name = "azure"

  func route(_ method: HTTPMethod, _ path: String) -> String {
    SimulatorRoutes.imagesOperation(path) != nil ? name : "\(name).models"
  }

  func answer(_ call: SimulatedCall) async throws {
    guard let key = call.request.header("api-key"), key != "bad-key" else {
      return try await fail(
        call, 401, "401",
        "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a "
          + "valid key for an active subscription and use a correct regional API endpoint for your "
          + "resource.")
    }
    let query = call.request.path.drop { $0 != "?" }.dropFirst()
    guard query.hasPrefix("api-version=2") else {
      return try await fail(call, 404, "404", "Resource not found")
    }
    if call.path == "/openai/models" { return try await models(call) }
    let parts = call.path.split(separator: "/").map(String.init)
    guard parts.count == 5, Array(parts[..<2]) == ["openai", "deployments"],
      let operation = SimulatorRoutes.imagesOperation(call.path)
    else { return try await fail(call, 404, "404", "Resource not found") }
    guard !parts[2].contains("missing") else {
      return try await fail(
        call, 404, "DeploymentNotFound", "The API deployment for this resource does not exist.")
    }
    try await draw(call, operation, deployment: parts[2])
  }

  private func draw(
    _ call: SimulatedCall, _ operation: SimulatedImagesRequest.Operation, deployment: String
  ) async throws {
    let model = ImagesRules(deployment).family == .other ? "gpt-image-1" : deployment
    let request: SimulatedImagesRequest
    do throws(OpenAIError) {
      request = try SimulatedImagesRequest(
        operation, body: call.request.body,
        contentType: call.request.header("content-type") ?? "", deployment: model)
    } catch {
      guard error.code == "moderation_blocked", model.contains("dall-e") else { throw error }
      return try await call.respond(400, json: Self.refusal)
    }
    try await SimulatorRoutes.draw(request, for: name, call.reply, call.state)
  }

  private func models(_ call: SimulatedCall) async throws {
    try await call.respond(
      json: Array(
        "{\"object\":\"list\",\"data\":[{\"id\":\"gpt-image-1\",\"object\":\"model\"}]}".utf8)
    )
  }

  private func fail(
    _ call: SimulatedCall, _ status: Int, _ code: String, _ message: String
  ) async throws {
    let body = JSONWriter.object { writer in
      writer.key("error")
      writer.beginObject()
      writer.member("code", code)
      writer.member("message", message)
      writer.endObject()
    }
    try await call.respond(status, json: body)
  }

  private static let refusal = Array(
    ("{\"error\":{\"code\":\"content_policy_violation\",\"inner_error\":{"
      + "\"code\":\"ResponsibleAIPolicyViolation\",\"content_filter_results\":{"
      + "\"violence\":{\"filtered\":true,\"severity\":\"medium\"}}},\"message\":"
      + "\"Your request was rejected as a result of our safety system.\","
      + "\"type\":\"invalid_request_error\"}}").utf8)
}
