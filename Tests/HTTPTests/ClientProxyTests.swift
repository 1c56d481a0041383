import EventLoop
import TestSupport
import Testing

@testable import HTTP

@Suite("Client through a proxy", .bounded, .timeLimit(.minutes(10)))
struct ClientProxyTests {
  /// Answers CONNECT and joins both sides.
  @Sendable
  private static func proxy(_ socket: RawSocket, _ number: Int) async {
    await socket.read(until: "\r\n\r\n")
    let text = socket.takeText()
    let words = text.split(separator: " ")
    guard text.contains("\r\nProxy-Authorization: Basic eDp5\r\n"), words.first == "CONNECT",
      words.count > 1,
      let port = words[1].split(separator: ":").last.flatMap({ Int($0) })
    else { return socket.write("HTTP/1.1 405 no\r\nContent-Length: 0\r\n\r\n") }
    guard let target = try? await RawSocket.connect(socket.stream.loop, port) else {
      return socket.write("HTTP/1.1 502 no\r\nContent-Length: 0\r\n\r\n")
    }
    let forth = Pipe(target.stream)
    let back = Pipe(socket.stream)
    socket.stream.handler = forth
    target.stream.handler = back
    socket.write("HTTP/1.1 200 Connection established\r\n\r\n")
  }

  private final class Pipe: TCPStreamHandler {
    private let target: TCPStream
    init(_ target: TCPStream) { self.target = target }
    func stream(_ stream: TCPStream, didRead bytes: Span<UInt8>) { target.write(bytes) }
    func streamDidReadEOF(_ stream: TCPStream) { target.closeWhenDrained() }
    func streamDidDrain(_ stream: TCPStream) {}
    func streamDidTimeOut(_ stream: TCPStream) {}
    func stream(_ stream: TCPStream, didCloseWith error: StreamError?) { target.close() }
  }

  private func withProxy(
    applies: @escaping @Sendable (String, Int) -> Bool = { _, _ in true },
    script: @escaping @Sendable (RawSocket, Int) async -> Void = Self.proxy,
    _ body: @escaping @Sendable (HTTPClient, ScriptedServer, Int) async throws -> Void
  ) async throws {
    try await withClient(script: script) { plain, proxy in
      let loop = plain.loop
      let origin = try ScriptedServer(loop, tls: Certificates.server()) { socket, _ in
        while !socket.hasEnded {
          await socket.read(until: "\r\n\r\n")
          _ = socket.takeText()
          socket.write(ok)
        }
      }
      var configuration = HTTPClientConfiguration()
      configuration.proxy = ProxyConfiguration(
        url: try HTTPURL("http://127.0.0.1:\(proxy.port)"), authorization: "Basic eDp5",
        applies: applies)
      defer { origin.close() }
      let client = HTTPClient(
        loop: loop, tls: try TLSContext(client: Certificates.path("authority.pem")),
        configuration: configuration)
      defer { client.closeIdleConnections() }
      try await body(client, proxy, origin.port)
    }
  }

  @Test("https goes through the proxy's tunnel, with TLS to the origin, and is kept")
  func tunnel() async throws {
    try await withProxy { client, proxy, port in
      let request = ClientRequest(.get, try HTTPURL("https://localhost:\(port)/"))
      for _ in 0..<2 {
        #expect(try await client.send(request, bodyLimit: 10).body == Array("ok".utf8))
      }
      #expect(proxy.sockets.count == 1)
    }
  }

  @Test("a host that is excepted is reached without the proxy, and so is plain http")
  func excepted() async throws {
    try await withProxy(applies: { host, _ in host != "localhost" }) { client, proxy, port in
      let request = ClientRequest(.get, try HTTPURL("https://localhost:\(port)/"))
      #expect(try await client.send(request, bodyLimit: 10).head.status == 200)
      #expect(proxy.sockets.isEmpty)
      let plain = ClientRequest(.get, try HTTPURL("http://127.0.0.1:\(proxy.port)/"))
      #expect(try await client.send(plain, bodyLimit: 10).head.status == 405)
    }
  }

  @Test(
    "a proxy that opens no tunnel is an error of connecting",
    arguments: [
      "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 502 Bad Gateway\r\n\r\n", "SSH-2.0\r\n", "",
      "HTTP/1.1 200 OK\r\n\r\nunasked",
    ])
  func refused(_ answer: String) async throws {
    try await withProxy(script: { socket, _ in
      await socket.read(until: "\r\n\r\n")
      socket.write(answer)
      socket.close()
    }) { client, _, port in
      let request = ClientRequest(.get, try HTTPURL("https://localhost:\(port)/"))
      let error = await failure { try await client.send(request, bodyLimit: 10) }
      #expect(error?.kind == .connect)
      #expect(error?.mayHaveBeenSent == false)
    }
  }

  @Test("a client that leaves while the tunnel is opened is no failure of the proxy")
  func cancelled() async throws {
    try await withProxy(script: { socket, _ in await socket.readToEnd() }) { client, proxy, port in
      let request = ClientRequest(.get, try HTTPURL("https://localhost:\(port)/"))
      let ended = LoopEvent<HTTPClientError?>()
      let task = client.loop.spawn {
        ended.fire(await failure { try await client.send(request, bodyLimit: 10) })
      }
      try await eventually("the proxy is asked") { !proxy.sockets.isEmpty }
      task.cancel()
      #expect(await ended.wait()?.kind == .cancelled)
    }
  }

  @Test("the certificate is checked for the origin's name, also within the tunnel")
  func wrongName() async throws {
    try await withProxy { client, _, port in
      let request = ClientRequest(.get, try HTTPURL("https://example.invalid:\(port)/"))
      let error = await failure { try await client.send(request, bodyLimit: 10) }
      #expect(error?.kind == .tls)
    }
  }
}
