internal import OpenAIWire

/// A job that a simulated provider has taken: its request, how often it was asked for, and whether
/// it was cancelled. Lives in the simulator's state.
struct SimulatedJob {
  let provider: String
  let id: String
  let state: SimulatorState

  /// Questions after which a job is done.
  static let polls = 2

  /// Takes a job, which is charged for from now on.
  static func accept(_ provider: String, _ call: SimulatedCall) -> SimulatedJob {
    call.state.acceptJob(provider)
    let job = SimulatedJob(
      provider: provider, id: "job-\(call.state.nextNumber())", state: call.state)
    call.state.remember(job.key("request"), String(decoding: call.request.body, as: UTF8.self))
    return job
  }

  /// The job of an id; nil where there is none.
  static func find(_ provider: String, _ id: some StringProtocol, _ state: SimulatorState) -> Self?
  {
    let job = SimulatedJob(provider: provider, id: String(id), state: state)
    return job.state.recall(job.key("request")) == nil ? nil : job
  }

  private func key(_ name: String) -> String { "\(provider).\(id).\(name)" }

  /// What was asked for.
  var request: JSONSlice? {
    state.recall(key("request")).flatMap { try? JSONSlice.parse(Array($0.utf8)) }
  }

  var isCancelled: Bool { state.recall(key("cancelled")) != nil }

  /// Cancels it where it is not done.
  /// - Returns: whether it was not.
  func cancel() -> Bool {
    // A prompt can ask for a job that is done just before it is cancelled.
    if request?.raw.firstRange(of: "uncatchable".utf8) != nil {
      state.remember(key("asked"), String(Self.polls))
    }
    guard !isDone, !isCancelled else { return false }
    // A prompt can ask for a job that takes note of its cancelling, and ends all the same.
    if request?.raw.firstRange(of: "stubborn".utf8) != nil {
      state.remember(key("asked"), String(Self.polls))
      return true
    }
    state.remember(key("cancelled"), "yes")
    state.cancelJob(provider)
    return true
  }

  private var asked: Int { state.recall(key("asked")).flatMap { Int($0) } ?? 0 }

  var isDone: Bool { asked >= Self.polls }

  /// Counts a question about it.
  /// - Returns: whether it is done now.
  func ask() -> Bool {
    if isDone { return true }
    // A prompt can ask for a job that never ends by itself.
    if request?.raw.firstRange(of: "endless".utf8) != nil { return false }
    state.remember(key("asked"), String(asked + 1))
    return isDone
  }

  /// The URLs of its pictures, drawn when they are first asked for.
  func pictures(
    _ call: SimulatedCall, count: Int, width: Int, height: Int, prompt: String, details: [String]
  ) async throws -> [String] {
    if let urls = state.recall(key("pictures")) {
      return urls.split(separator: "\n").map(String.init)
    }
    var urls: [String] = []
    for index in 0..<count {
      urls.append(
        try await call.draw(
          width: width, height: height, prompt: prompt, details: details, index: index
        ).url)
    }
    state.remember(key("pictures"), urls.joined(separator: "\n"))
    return urls
  }
}

extension SimulatedCall {
  /// The parts of the path, between its slashes.
  var parts: [Substring] { path.split(separator: "/") }

  /// Whether the request has a key, behind a scheme where one is named, that is not refused.
  func hasKey(_ header: String, scheme: String? = nil) -> Bool {
    guard let value = request.header(header) else { return false }
    guard let scheme else { return !value.isEmpty && value != "bad-key" }
    return value.hasPrefix("\(scheme) ")
      && !["", "bad-key"].contains(value.dropFirst(scheme.count + 1))
  }
}
