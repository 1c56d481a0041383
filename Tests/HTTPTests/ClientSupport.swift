import EventLoop
import Foundation
import Testing

@testable import HTTP

/// A server that does what a script says. Loop-bound.
final class ScriptedServer {
  let port: Int
  private(set) var sockets: [RawSocket] = []
  private var listener: TCPListener?
  private let loop: EventLoop

  /// - Parameter script: what happens on a connection; gets its number, from 0.
  init(
    _ loop: EventLoop, tls: TLSContext? = nil,
    script: @escaping (RawSocket, Int) async -> Void
  ) throws {
    let local = try #require(SocketAddress(ip: "127.0.0.1", port: 0))
    var accept: ((TCPStream) -> Void)?
    let listener = try TCPListener(loop, at: local) { accept?($0) }
    self.listener = listener
    self.loop = loop
    port = listener.address.port
    accept = { [unowned self] stream in
      if let tls { try? stream.acceptTLS(tls) }
      let socket = RawSocket(stream)
      let number = sockets.count
      sockets.append(socket)
      loop.spawn { await script(socket, number) }
    }
  }

  func close() {
    listener?.close()
    listener = nil
    for socket in sockets { socket.close() }
  }
}

/// Runs `body` on a loop with a client and a scripted server.
func withClient(
  configuration: HTTPClientConfiguration = HTTPClientConfiguration(),
  script: @escaping @Sendable (RawSocket, Int) async -> Void,
  _ body: @escaping @Sendable (HTTPClient, ScriptedServer) async throws -> Void
) async throws {
  let group = EventLoopGroup(count: 1)
  let loop = group.loops[0]
  let authority = try Certificates.path("authority.pem")
  do {
    try await loop.run {
      let server = try ScriptedServer(loop, script: script)
      let client = HTTPClient(
        loop: loop, tls: try TLSContext(client: authority), configuration: configuration)
      defer {
        client.closeIdleConnections()
        server.close()
      }
      try await body(client, server)
    }
  } catch {
    await group.shutdown()
    throw error
  }
  await group.shutdown()
}

enum Certificates {
  static func path(_ name: String) throws -> String {
    try #require(Bundle.module.url(forResource: "Fixtures/tls/\(name)", withExtension: nil)).path
  }

  static func server() throws -> TLSContext {
    try TLSContext(certificateFile: path("server.pem"), keyFile: path("server.key"))
  }
}

extension ClientRequest {
  static func get(_ server: ScriptedServer, _ path: String = "/") throws -> ClientRequest {
    ClientRequest(.get, try HTTPURL("http://127.0.0.1:\(server.port)\(path)"))
  }
}

/// The error that `body` throws.
func failure<R>(_ body: () async throws -> R) async -> HTTPClientError? {
  do {
    _ = try await body()
    return nil
  } catch {
    return error as? HTTPClientError
  }
}

let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
