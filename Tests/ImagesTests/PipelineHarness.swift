import HTTP
import Observability
import Simulator
import Synchronization

@testable import Images

/// Keeps models from being asked, as an open circuit breaker does, and remembers nothing.
struct ClosedModels: ModelHealth {
  private struct Call: ModelCall {
    let isProbe: Bool
    let ended: @Sendable (Duration) -> Void
    func end(_ failure: ImageFailure?, after elapsed: Duration) { ended(elapsed) }
  }

  /// Seconds until the trial of each, by its name.
  let waits: [String: Int]
  /// Those that are found to be closed only when they are about to be asked.
  var late: Set<String> = []
  var allowsLastResort = false
  /// Those that only rest.
  var resting: Set<String> = []
  /// Those whose trial another request makes.
  var tried: Set<String> = []
  /// Whether each call is to find out if the model works.
  var probes = false
  /// Told how long each took.
  var ended: @Sendable (Duration) -> Void = { _ in }

  init(_ waits: [String: Int]) { self.waits = waits }

  func admission(of model: ImageModel) -> ModelAdmission {
    guard !late.contains(model.name), let refusal = refusal(of: model) else { return .allowed }
    return .refused(refusal)
  }

  func begin(_ model: ImageModel, _ turn: ModelTurn) async -> ModelStart {
    guard turn == .usual, let refusal = refusal(of: model) else {
      return .begun(Call(isProbe: probes, ended: ended))
    }
    return .refused(refusal)
  }

  private func refusal(of model: ImageModel) -> ModelRefusal? {
    waits[model.name].map { wait in
      ModelRefusal(
        reason: "circuit breaker open, next trial in \(wait) s", wait: .seconds(wait),
        allowsLastResort: allowsLastResort, rests: resting.contains(model.name),
        isTried: tried.contains(model.name))
    }
  }
}

/// Remembers the models in whose place another one was asked.
final class FallbackRecorder: ImageObserver {
  private let list = Mutex<[String]>([])
  var names: [String] { list.withLock { $0 } }

  func attempt(_ model: ImageModel, _ report: ImageAttemptReport) {}
  func fallback(from model: ImageModel, reason: String, mayHaveBeenPaid: Bool) {
    list.withLock { $0.append("\(model.name);reason=\(reason)") }
  }
}

/// A pipeline whose models `a`, `b` and `c`, in this order of standing, are drawn by a simulator.
enum PipelineHarness {
  static func catalog(_ simulator: SimulatorServer) throws -> ImageCatalog {
    let models = ["a", "b", "c"].enumerated().map { index, id in
      var model = ImageModel(id: id, provider: "sim", dialect: .dallE3, priority: index + 1)
      model.wireID = "dall-e-3"
      return model
    }
    return ImageCatalog(providers: [
      ImageProvider(
        name: "sim", baseURL: try HTTPURL(simulator.baseURL), apiKey: Secret("k"), models: models)
    ])
  }

  /// Has the next requests for pictures fail.
  static func fail(_ simulator: SimulatorServer, _ count: Int) {
    for _ in 0..<count { simulator.answer("images", 503, "{\"error\":{\"message\":\"boom\"}}") }
  }
}
