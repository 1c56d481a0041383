package import EventLoop
internal import HTTP
internal import OpenAIWire

/// Simulated providers behind one port: chat, images and files in OpenAI's wire format, and a
/// control API by which tests in other processes set faults and read what was received.
package final class SimulatorServer: Sendable {
  private let server: HTTPServer
  private let state: SimulatorState
  private let host: String

  private init(server: HTTPServer, state: SimulatorState, host: String) {
    self.server = server
    self.state = state
    self.host = host
  }

  /// Listens.
  /// - Parameters:
  ///   - port: 0 lets the system choose.
  ///   - pace: between two events of a stream.
  /// - Throws: `SystemError` when the address cannot be had.
  package static func start(
    group: EventLoopGroup, host: String = "127.0.0.1", port: Int = 0, pace: Duration = .zero
  ) async throws -> SimulatorServer {
    let state = SimulatorState()
    let routes = SimulatorRoutes(state: state, pace: pace)
    let server = try await HTTPServer.start(group: group, host: host, port: port) { exchange in
      await routes.handle(exchange)
    }
    return SimulatorServer(server: server, state: state, host: host)
  }

  /// The port that it listens at.
  package var port: Int { server.port }
  /// The base URL of a simulated provider, by its name.
  package func url(_ provider: String) -> String { "http://\(host):\(port)/\(provider)" }
  /// What an OpenAI SDK is pointed at.
  package var baseURL: String { "http://\(host):\(port)/v1" }

  /// Has the next answer of a route (`chat`, `images`, `files`) go wrong; several queue up.
  package func queue(_ fault: SimulatorFault, route: String) { state.queue(fault, route: route) }
  /// What was received, oldest first.
  package var requests: [SimulatorRequest] { state.requests }
  /// What each simulated provider has been asked to make, by its name.
  package var jobs: [String: SimulatedJobs] { state.jobs }
  /// Requests under way.
  package var openCount: Int { state.counts.open }
  /// Requests whose client left before their answer was complete.
  package var clientLeftCount: Int { state.counts.clientLeft }
  /// Has a share of a route's requests fail from now on, 0 to 1; the same ones each time.
  /// - Parameter fault: with 503 unless told otherwise.
  package func setFailureRate(
    _ share: Double, route: String, fault: SimulatorFault = .unavailable
  ) {
    state.setFailureRate(share, route: route, fault)
  }
  /// Answers the requests that are held, and holds no more.
  package func release() { state.release() }
  /// Forgets faults and requests.
  package func reset() { state.reset() }
  /// Closes everything at once.
  package func stop() async { await server.close() }
}
