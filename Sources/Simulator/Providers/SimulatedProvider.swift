internal import EventLoop
internal import HTTP

/// A provider of pictures in its own wire format, under the path `/NAME/…` of a simulator.
protocol SimulatedProvider: Sendable {
  /// The first part of its paths, and the name in `jobs`.
  var name: String { get }

  /// What faults call a request: the name for the one that is paid for, `NAME.poll`,
  /// `NAME.cancel`, `NAME.models` and the like for others.
  func route(_ method: HTTPMethod, _ path: String) -> String

  /// Answers, as strictly as the provider would: a field that it does not know, a value that it does
  /// not allow or a missing key gets the provider's own error.
  func answer(_ call: SimulatedCall) async throws
}

/// One request to a simulated provider. Loop-bound.
struct SimulatedCall {
  let request: SimulatorRequest
  let reply: SimulatorReply
  let state: SimulatorState

  /// The path behind `/NAME`, without its query.
  var path: String {
    let path = request.path.prefix { $0 != "?" }
    return path.dropFirst().firstIndex(of: "/").map { String(path[$0...]) } ?? "/"
  }

  /// The URL of a path on this simulator, such as of a picture or of what to poll.
  func url(_ path: String) -> String {
    "http://\(reply.exchange.head.headers["host"] ?? "")\(path)"
  }

  /// Draws a picture, and keeps it at the URL that is returned beside its bytes. Off the loop.
  func draw(
    width: Int, height: Int, prompt: String, details: [String], index: Int = 0
  ) async throws -> (bytes: [UInt8], url: String) {
    let picture = SimulatedPicture(
      width: width, height: height, prompt: prompt, details: details, index: index)
    let fault = reply.fault ?? SimulatorFault()
    let bytes = try await reply.exchange.loop.offload { fault.padded(picture.png() ?? []) }
    return (bytes, url("/files/\(state.keep(bytes))"))
  }

  /// Answers with JSON.
  func respond(_ status: Int = 200, json: [UInt8]) async throws {
    try await reply.send(json, type: "application/json", status: status)
  }
}

/// All simulated providers.
enum SimulatedProviders {
  private static let all: [any SimulatedProvider] = [
    SimulatedTogether(), SimulatedStability(), SimulatedFireworks(), SimulatedOpenRouter(),
    SimulatedAzure(), SimulatedGemini(), SimulatedImagen(), SimulatedAutomatic1111(),
    SimulatedComfyUI(),
    SimulatedReplicate(), SimulatedFal(), SimulatedBFL(), SimulatedLeonardo(), SimulatedXAI(),
  ]

  static func provider(of path: String) -> (any SimulatedProvider)? {
    let name = path.dropFirst().prefix { $0 != "/" }
    return all.first { $0.name == name }
  }
}
