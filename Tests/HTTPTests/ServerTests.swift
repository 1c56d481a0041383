import EventLoop
import TestSupport
import Testing

@testable import HTTP

@Suite("Server", .bounded, .timeLimit(.minutes(10)))
struct ServerTests {
  @Sendable
  static func echo(_ exchange: Exchange) async {
    do {
      let body = try await exchange.body()
      exchange.respond(200, ["x-path": exchange.head.path], body)
    } catch HTTPServerError.malformed(let error) {
      exchange.respond(error.status, [:], [])
    } catch HTTPServerError.bodyTimedOut {
      exchange.respond(408, [:], [])
    } catch {}
  }

  private static func post(_ body: String, path: String = "/", more: String = "") -> String {
    "POST \(path) HTTP/1.1\r\nHost: a\r\n\(more)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  @Test("a connection carries one request after the other")
  func keepAlive() async throws {
    try await withServer(handler: Self.echo) { loop, server in
      let socket = try await RawSocket.connect(loop, server.port)
      for body in ["one", "two", "three"] {
        socket.write(Self.post(body))
        await socket.read(until: "\r\n\r\n\(body)")
        let answer = socket.takeText()
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(answer.contains("\r\nconnection: keep-alive\r\n"))
        #expect(answer.contains("\r\ncontent-length: \(body.count)\r\n"))
      }
      socket.write(Self.post("four", more: "Connection: close\r\n"))
      await socket.readToEnd()
      #expect(socket.text.contains("\r\nconnection: close\r\n"))
    }
  }

  @Test("three requests in one write are answered in order")
  func pipelining() async throws {
    try await withServer(handler: Self.echo) { loop, server in
      let socket = try await RawSocket.connect(loop, server.port)
      socket.write(
        Self.post("a", path: "/1") + Self.post("b", path: "/2")
          + Self.post("c", path: "/3", more: "Connection: close\r\n"))
      await socket.readToEnd()
      let paths = socket.text.split(separator: "\r\n").filter { $0.hasPrefix("x-path") }
      #expect(paths == ["x-path: /1", "x-path: /2", "x-path: /3"])
    }
  }

  @Test("HEAD is answered with the length of a body that stays away")
  func head() async throws {
    try await withServer {
      $0.respond(200, [:], [1, 2, 3])
    } _: { loop, server in
      let socket = try await RawSocket.connect(loop, server.port)
      socket.write("HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
      await socket.readToEnd()
      #expect(socket.text.contains("\r\ncontent-length: 3\r\n"))
      #expect(socket.text.hasSuffix("\r\n\r\n"))
    }
  }

  @Test("a client that waits for 100 Continue gets it, one that does not wait gets none")
  func expectContinue() async throws {
    try await withServer(handler: Self.echo) { loop, server in
      let socket = try await RawSocket.connect(loop, server.port)
      let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
      socket.write(head)
      await socket.read(until: "\r\n\r\n")
      #expect(socket.takeText() == "HTTP/1.1 100 Continue\r\n\r\n")
      socket.write("ab")
      await socket.read(until: "\r\n\r\nab")
      #expect(socket.takeText().hasPrefix("HTTP/1.1 200 OK\r\n"))
      socket.write(head + "cd")
      await socket.read(until: "\r\n\r\ncd")
      #expect(socket.takeText().hasPrefix("HTTP/1.1 200 OK\r\n"))
      socket.close()
    }
  }

  @Test("a refusal before the awaited body closes the connection and reads nothing of it")
  func refusedExpectation() async throws {
    try await withServer {
      $0.respond(401, [:], [])
    } _: { loop, server in
      let socket = try await RawSocket.connect(loop, server.port)
      socket.write(
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\nExpect: 100-continue\r\n\r\n")
      await socket.read { _ in false }
      #expect(socket.text.hasPrefix("HTTP/1.1 401"))
      #expect(socket.text.contains("connection: close"))
      socket.write("GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
      socket.close()
    }
  }

  @Test("a client of HTTP/1.0 gets its streamed answer without chunks, until the close")
  func http10() async throws {
    try await withServer { exchange in
      exchange.start(200, [:])
      try? await exchange.write(Array("ab".utf8))
      exchange.finish(last: Array("c".utf8))
    } _: { loop, server in
      let socket = try await RawSocket.connect(loop, server.port)
      socket.write("GET / HTTP/1.0\r\n\r\n")
      await socket.readToEnd()
      #expect(!socket.text.contains("transfer-encoding"))
      #expect(socket.text.hasSuffix("connection: close\r\n\r\nabc"))
      let newer = try await RawSocket.connect(loop, server.port)
      newer.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
      await newer.readToEnd()
      #expect(newer.text.contains("transfer-encoding: chunked\r\n"))
      #expect(newer.text.hasSuffix("\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"))
    }
  }

  @Test("a chunked body with trailers is read, and the request behind it as well")
  func chunkedRequest() async throws {
    try await withServer(handler: Self.echo) { loop, server in
      let socket = try await RawSocket.connect(loop, server.port)
      socket.write(
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
          + "3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nX: y\r\n\r\n"
          + Self.post("next", more: "Connection: close\r\n"))
      await socket.readToEnd()
      #expect(socket.text.contains("\r\n\r\nabcde"))
      #expect(socket.text.hasSuffix("\r\n\r\nnext"))
    }
  }

  @Test("a body that is announced or grows past the bound is refused with 413")
  func tooLarge() async throws {
    var configuration = ServerConfiguration()
    configuration.limits.body = 10
    try await withServer(configuration, handler: Self.echo) { loop, server in
      for request in [
        "Content-Length: 11\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\nB\r\n",
        "Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n6\r\n",
      ] {
        let socket = try await RawSocket.connect(loop, server.port)
        socket.write("POST / HTTP/1.1\r\nHost: a\r\n" + request)
        await socket.readToEnd()
        #expect(socket.text.hasPrefix("HTTP/1.1 413 Content Too Large\r\n"))
      }
    }
  }

  @Test("a body that is announced past the bound reaches its handler, which is told of it unasked")
  func tooLargeIsRouted() async throws {
    var configuration = ServerConfiguration()
    configuration.limits.body = 10
    try await withServer(configuration) { exchange in
      do throws(HTTPServerError) {
        _ = try await exchange.body()
      } catch {
        guard case .malformed(let error) = error else { return }
        exchange.respond(error.status, ["x-route": exchange.head.path], [])
      }
    } _: { loop, server in
      let socket = try await RawSocket.connect(loop, server.port)
      socket.write(
        "POST /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n")
      await socket.readToEnd()
      #expect(socket.text.hasPrefix("HTTP/1.1 413 Content Too Large\r\n"))
      #expect(socket.text.contains("x-route: /a") && socket.text.contains("connection: close"))
    }
  }

  @Test("a handler that never answers gives 500")
  func unanswered() async throws {
    try await withServer { _ in
    } _: { loop, server in
      let socket = try await RawSocket.connect(loop, server.port)
      socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      await socket.readToEnd()
      #expect(socket.text.hasPrefix("HTTP/1.1 500 Internal Server Error\r\n"))
      #expect(socket.text.contains("server_error"))
    }
  }

  @Test("an answer that is shorter than it promised ends its connection")
  func shortAnswer() async throws {
    try await withServer { exchange in
      exchange.start(200, [:], length: 10)
      exchange.finish(last: Array("short".utf8))
    } _: { loop, server in
      let socket = try await RawSocket.connect(loop, server.port)
      socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
      await socket.readToEnd()
      #expect(socket.text.hasSuffix("\r\n\r\nshort"))
    }
  }
}
