internal import OpenAIWire

/// What one event of an upstream's stream amounts to, for the question of whether another upstream
/// can still take over.
enum StreamEvent {
  /// Nothing that a user would see.
  case beginning
  /// Something that a user sees, or that cannot be judged.
  case saying
  /// The upstream has failed: an object with a member `error`, as OpenAI's errors are.
  case error([UInt8])

  /// Judges an event by its data.
  init(_ data: [UInt8]) {
    guard let object = try? JSONSlice.parse(data), object.kind == .object else {
      self = .saying
      return
    }
    if object["error"]?.isFailure == true {
      self = .error(data)
    } else if let type = object["type"]?.string {
      self = Self.ofResponses(type, object)
    } else {
      self = Self.saysSomething(object) ? .saying : .beginning
    }
  }

  /// An event of the Responses API.
  /// https://platform.openai.com/docs/api-reference/responses-streaming
  private static func ofResponses(_ type: String, _ object: JSONSlice) -> StreamEvent {
    switch type {
    case "response.created", "response.in_progress", "response.queued": .beginning
    // Its members are those of an error.
    case "error": .error(JSONWriter.object { $0.member("error", raw: object.raw) })
    case "response.failed":
      if let error = object["response"]?["error"], error.kind == .object {
        .error(JSONWriter.object { $0.member("error", raw: error.raw) })
      } else {
        .saying
      }
    default: .saying
    }
  }

  private static func saysSomething(_ chunk: JSONSlice) -> Bool {
    // What has no choices at all is of another interface, which has words of its own.
    guard let choices = chunk["choices"] else { return true }
    return choices.elements.contains { choice in
      if let reason = choice["finish_reason"], !isEmpty(reason) { return true }
      guard let delta = choice["delta"] else { return true }
      return delta.members.contains { $0.key != "role" && !isEmpty($0.value) }
    }
  }

  private static func isEmpty(_ value: JSONSlice) -> Bool {
    value.isNull || value.isString("")
      || (value.kind == .array && !value.elements.contains { _ in true })
  }
}

extension JSONSlice {
  /// Whether a member `error` with this value tells of a failure: some servers send `null` or `false`
  /// where there is none.
  var isFailure: Bool { !isNull && kind != .false }
}
