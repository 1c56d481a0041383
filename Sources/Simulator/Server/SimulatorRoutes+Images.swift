internal import EventLoop
internal import HTTP
internal import OpenAIWire

extension SimulatorRoutes {
  /// The operation of the images API that a path names; nil for any other path.
  static func imagesOperation(_ path: String) -> SimulatedImagesRequest.Operation? {
    let path = path.prefix { $0 != "?" }
    if path.hasSuffix("/images/generations") { return .generation }
    if path.hasSuffix("/images/edits") { return .edit }
    return path.hasSuffix("/images/variations") ? .variation : nil
  }

  /// Draws in OpenAI's images API, and counts the job once it is to be paid for.
  /// - Throws: `OpenAIError`, which is the answer then.
  static func draw(
    _ request: SimulatedImagesRequest, for name: String, _ reply: SimulatorReply,
    _ state: SimulatorState
  ) async throws {
    let loop = reply.exchange.loop
    state.acceptJob(name)
    let model = SimulatedImageModel(request: request, created: WallClock.seconds)
    if let replay = reply.fault?.replay { return try await reply.stream([replay]) }
    if request.streams {
      let events = try await loop.offload {
        model.events(partial: try model.drawPartial(), pictures: try model.draw())
      }
      return try await reply.stream(events)
    }
    let fault = reply.fault ?? SimulatorFault()
    let pictures = try await loop.offload { try model.draw().map(fault.padded) }
    let host = reply.exchange.head.headers["host"] ?? ""
    let urls = request.asURL ? pictures.map { "http://\(host)/files/\(state.keep($0))" } : []
    try await reply.send(model.body(pictures, urls: urls), type: "application/json")
  }
}
