internal import OpenAIWire

/// The queue of a simulated ComfyUI, kept as text in the simulator's state.
struct ComfyJobs {
  enum Phase: String {
    case waiting, running, cancelled
  }

  let state: SimulatorState

  private static let list = "comfyui.jobs"

  /// Queues a job.
  /// - Parameter wanted: the id that its client has given it.
  /// - Returns: its id.
  func add(_ graph: ComfyGraph, id wanted: String?) -> String {
    let id = wanted ?? "job-\(state.nextNumber())"
    state.remember("comfyui.\(id).phase", Phase.waiting.rawValue)
    state.remember(
      "comfyui.\(id)", "\(graph.width) \(graph.height) \(graph.count) \(graph.prompt)")
    state.remember(Self.list, (ids + [id]).joined(separator: " "))
    return id
  }

  private var ids: [String] {
    (state.recall(Self.list) ?? "").split(separator: " ").map(String.init)
  }

  private func phase(_ id: String) -> Phase? {
    state.recall("comfyui.\(id).phase").flatMap(Phase.init(rawValue:))
  }

  /// The job that runs, if one does.
  var running: String? { ids.first { phase($0) == .running } }

  /// Looks once more at a job.
  /// - Returns: the job, where it is done.
  func look(at id: String) -> (width: Int, height: Int, count: Int, prompt: String)? {
    guard let text = state.recall("comfyui.\(id)"), phase(id) != .cancelled else { return nil }
    let parts = text.split(separator: " ", maxSplits: 3).map(String.init)
    guard parts.count == 4, let width = Int(parts[0]), let height = Int(parts[1]),
      let count = Int(parts[2])
    else { return nil }
    let looks = (state.recall("comfyui.\(id).looks").flatMap { Int($0) } ?? 0) + 1
    state.remember("comfyui.\(id).looks", String(looks))
    guard !parts[3].contains("waiting") else { return nil }
    state.remember("comfyui.\(id).phase", Phase.running.rawValue)
    guard looks > 2, !["slowly", "endless"].contains(where: parts[3].contains) else { return nil }
    state.remember(Self.list, ids.filter { $0 != id }.joined(separator: " "))
    return (width, height, count, parts[3])
  }

  /// Cancels a job that is in a phase.
  /// - Returns: whether it was.
  func cancel(_ id: String, in wanted: Phase) -> Bool {
    guard ids.contains(id), phase(id) == wanted else { return false }
    state.remember("comfyui.\(id).phase", Phase.cancelled.rawValue)
    state.remember(Self.list, ids.filter { $0 != id }.joined(separator: " "))
    return true
  }

  /// What `GET /queue` answers.
  func queue() -> [UInt8] {
    JSONWriter.object { writer in
      for (name, wanted) in [("queue_running", Phase.running), ("queue_pending", .waiting)] {
        let entries = ids.filter { phase($0) == wanted }.map { "[1,\"\($0)\",{},{},[\"9\"]]" }
        writer.member(name, raw: Array("[\(entries.joined(separator: ","))]".utf8))
      }
    }
  }
}
