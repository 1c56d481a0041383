import HTTP
import Synchronization
import TestSupport

/// Requests without a pause, and what was wrong with any of them.
final class FailoverLoad: Sendable {
  private struct Tally {
    var isOver = false
    var requests = 0
    var looks = 0
    var faults: [String] = []
  }

  private let tally = Mutex(Tally())

  /// Requests that were answered in full.
  var requests: Int { tally.withLock { $0.requests } }
  /// How often a gateway was asked what it knows.
  var looks: Int { tally.withLock { $0.looks } }
  /// What went wrong, in words.
  var faults: [String] { tally.withLock { $0.faults } }

  private var isOver: Bool { tally.withLock { $0.isOver } }

  private func fault(_ text: String) { tally.withLock { $0.faults.append(text) } }

  /// Sends requests to all gateways, and looks at what they know, as long as `body` runs.
  /// - Parameter deadlines: those that no gateway may forget, or take for others.
  func run(
    _ scene: FailoverScene, at urls: [String], knowing deadlines: [String: Int],
    _ body: @escaping @Sendable () async throws -> Void
  ) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for url in urls {
        for model in [FailoverScene.pair, FailoverScene.shaky] {
          group.addTask { [self] in await send(scene, model, at: url) }
        }
        group.addTask { [self] in await look(scene, at: url, for: deadlines) }
      }
      group.addTask { [self] in
        defer { tally.withLock { $0.isOver = true } }
        try await body()
      }
      try await group.waitForAll()
    }
  }

  private func send(_ scene: FailoverScene, _ model: String, at url: String) async {
    // Half of them as streams, which are whole when they say so.
    var isStream = false
    while !isOver {
      isStream.toggle()
      do {
        let answer = try await scene.chat(model, at: url, stream: isStream)
        let text = String(decoding: answer.body, as: UTF8.self)
        guard answer.head.status == 200, text.contains(isStream ? "[DONE]" : "\"stop\"") else {
          fault("\(model): \(answer.head.status) \(text)")
          continue
        }
        tally.withLock { $0.requests += 1 }
      } catch {
        fault("\(model): \(error)")
      }
    }
  }

  private func look(
    _ scene: FailoverScene, at url: String, for deadlines: [String: Int]
  ) async {
    while !isOver {
      do {
        let found = try await scene.deadlines(at: url).filter { deadlines[$0.key] != nil }
        if found != deadlines { fault("\(url) knows \(found) in place of \(deadlines)") }
        tally.withLock { $0.looks += 1 }
      } catch {
        fault("\(url): \(error)")
      }
    }
  }
}
