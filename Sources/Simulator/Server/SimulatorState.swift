internal import EventLoop
internal import Synchronization

/// What a simulator has been told and has seen; shared by its loops.
final class SimulatorState: Sendable {
  private struct Contents {
    var faults: [String: [SimulatorFault]] = [:]
    var requests: [SimulatorRequest] = []
    var files: [String: [UInt8]] = [:]
    var open = 0
    var clientLeft = 0
    var counter = 0
    var jobs: [String: SimulatedJobs] = [:]
    var values: [String: String] = [:]
    var isReleased = false
    /// The share of requests of a route that fail, and how.
    var failureRates: [String: (share: Double, fault: SimulatorFault)] = [:]
    var dice = SeededShare()
    var held: [@Sendable () -> Void] = []
  }

  private let contents = Mutex(Contents())
  /// Requests that are kept; the oldest make room.
  private static let capacity = 10_000

  func queue(_ fault: SimulatorFault, route: String) {
    contents.withLock { $0.faults[route, default: []].append(fault) }
  }

  func takeFault(_ route: String) -> SimulatorFault? {
    contents.withLock { contents in
      if let (share, fault) = contents.failureRates[route], contents.dice.next() < share {
        return fault
      }
      guard contents.faults[route]?.isEmpty == false else { return nil }
      return contents.faults[route]?.removeFirst()
    }
  }

  func setFailureRate(_ share: Double, route: String, _ fault: SimulatorFault) {
    contents.withLock { $0.failureRates[route] = share > 0 ? (share, fault) : nil }
  }

  func begin(_ request: SimulatorRequest) {
    contents.withLock { contents in
      contents.open += 1
      contents.requests.append(request)
      if contents.requests.count > Self.capacity { contents.requests.removeFirst() }
    }
  }

  func end(clientLeft: Bool) {
    contents.withLock { contents in
      contents.open -= 1
      if clientLeft { contents.clientLeft += 1 }
    }
  }

  /// Suspends a request that is held until ``release()``, or until its client leaves.
  func waitForRelease(on loop: EventLoop) async {
    let event = LoopEvent<Void>()
    let bound = LoopBound(event, on: loop)
    let isReleased = contents.withLock { contents in
      if !contents.isReleased { contents.held.append { loop.submit { bound.value.fire(()) } } }
      return contents.isReleased
    }
    if !isReleased { await event.wait(onCancel: loop) {} }
  }

  func release() {
    let held = contents.withLock { contents in
      contents.isReleased = true
      defer { contents.held = [] }
      return contents.held
    }
    for wake in held { wake() }
  }

  var requests: [SimulatorRequest] { contents.withLock { $0.requests } }
  var counts: (open: Int, clientLeft: Int) {
    contents.withLock { ($0.open, $0.clientLeft) }
  }

  func nextNumber() -> Int {
    contents.withLock { contents in
      contents.counter += 1
      return contents.counter
    }
  }

  func keep(_ file: [UInt8]) -> String {
    contents.withLock { contents in
      contents.counter += 1
      let name = "\(contents.counter).png"
      contents.files[name] = file
      return name
    }
  }

  // MARK: Jobs

  /// Counts a request for pictures that a provider has accepted, and will charge for.
  func acceptJob(_ provider: String) {
    contents.withLock { $0.jobs[provider, default: .init()].accepted += 1 }
  }
  /// Counts a job that was cancelled before its pictures were made.
  func cancelJob(_ provider: String) {
    contents.withLock { $0.jobs[provider, default: .init()].cancelled += 1 }
  }
  var jobs: [String: SimulatedJobs] { contents.withLock { $0.jobs } }

  /// What a simulated provider remembers of a job, by a key of its own choice.
  func remember(_ key: String, _ value: String) { contents.withLock { $0.values[key] = value } }
  func recall(_ key: String) -> String? { contents.withLock { $0.values[key] } }

  func file(_ name: String) -> [UInt8]? { contents.withLock { $0.files[name] } }

  func reset() {
    contents.withLock { contents in
      contents.faults = [:]
      contents.requests = []
      contents.clientLeft = 0
      contents.jobs = [:]
      contents.values = [:]
    }
  }
}

/// What a simulated provider has been asked to make.
package struct SimulatedJobs: Sendable, Hashable {
  /// Requests that it will charge for.
  package var accepted = 0
  /// Of those, the ones that were cancelled in time.
  package var cancelled = 0
}

/// A request that a simulator has received.
package struct SimulatorRequest: Sendable {
  /// `chat`, `images`, `files`, `other`, or what a simulated provider calls it.
  package let route: String
  package let method: String
  /// Path and query.
  package let path: String
  package let headers: [(name: String, value: String)]
  package let body: [UInt8]

  /// The value of a field; nil where there is none.
  package func header(_ name: String) -> String? {
    headers.first { $0.name.lowercased() == name }?.value
  }
  package var authorization: String? { header("authorization") }
}
