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
  }

  private let contents = Mutex(Contents())
  /// Requests that are kept; the oldest make room.
  private static let capacity = 10_000

  func queue(_ fault: SimulatorFault, route: String) {
    contents.withLock { $0.faults[route, default: []].append(fault) }
  }

  func takeFault(_ route: String) -> SimulatorFault? {
    contents.withLock { contents in
      guard contents.faults[route]?.isEmpty == false else { return nil }
      return contents.faults[route]?.removeFirst()
    }
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

  func file(_ name: String) -> [UInt8]? { contents.withLock { $0.files[name] } }

  func reset() {
    contents.withLock { contents in
      contents.faults = [:]
      contents.requests = []
      contents.clientLeft = 0
    }
  }
}

/// A request that a simulator has received.
package struct SimulatorRequest: Sendable {
  /// `chat`, `images`, `files` or `other`.
  package let route: String
  package let path: String
  package let authorization: String?
  package let body: [UInt8]
}
