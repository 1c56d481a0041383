import EventLoop
import TestSupport
import Testing

@testable import HTTP

@Suite("Client", .bounded, .timeLimit(.minutes(10)))
struct ClientTests {
  @Sendable
  private static func answerAll(_ socket: RawSocket, _ number: Int) async {
    while !socket.hasEnded {
      await socket.read(until: "\r\n\r\n")
      if socket.hasEnded { return }
      _ = socket.takeText()
      socket.write(ok)
    }
  }

  @Test("requests one after the other use one connection, at the same time they use two")
  func pooling() async throws {
    try await withClient(script: Self.answerAll) { client, server in
      let request = try ClientRequest.get(server)
      for _ in 0..<3 {
        let answer = try await client.send(request, bodyLimit: 10)
        #expect(answer.body == Array("ok".utf8))
      }
      #expect(server.sockets.count == 1)
      try await client.withResponse(request) { first in
        _ = try await client.send(request, bodyLimit: 10)
        #expect(try await first.collect(limit: 10) == Array("ok".utf8))
      }
      #expect(server.sockets.count == 2)
    }
  }

  @Test("an answer that says close, or that is not read to its end, gives its connection up")
  func notReused() async throws {
    try await withClient { socket, number in
      await socket.read(until: "\r\n\r\n")
      socket.write(
        number == 0
          ? "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok" : ok)
    } _: { client, server in
      let request = try ClientRequest.get(server)
      _ = try await client.send(request, bodyLimit: 10)
      try await client.withResponse(request) { _ in }
      _ = try await client.send(request, bodyLimit: 10)
      #expect(server.sockets.count == 3)
    }
  }

  @Test("what a client sends")
  func wire() async throws {
    try await withClient { socket, _ in
      await socket.read(until: "\r\n\r\nbody")
      let isExact =
        socket.text.hasPrefix("POST /a?b HTTP/1.1\r\nhost: 127.0.0.1:")
        && socket.text.hasSuffix("\r\nX: y\r\ncontent-length: 4\r\n\r\nbody")
      socket.write(isExact ? ok : "HTTP/1.1 500 no\r\nContent-Length: 0\r\n\r\n")
    } _: { client, server in
      var request = try ClientRequest.get(server, "/a?b#c")
      request.method = .post
      request.headers = ["X": "y"]
      request.body = Array("body".utf8)
      #expect(try await client.send(request, bodyLimit: 10).head.status == 200)
    }
  }

  @Test("a kept connection that turns out to be closed is replaced once", arguments: [true, false])
  func stale(retries: Bool) async throws {
    try await withClient { socket, number in
      await socket.read(until: "\r\n\r\n")
      _ = socket.takeText()
      socket.write(ok)
      if number == 0 {
        // Takes the second request and leaves without a word.
        await socket.read(until: "\r\n\r\n")
        socket.close()
      }
    } _: { client, server in
      var request = try ClientRequest.get(server)
      request.retriesStaleConnection = retries
      _ = try await client.send(request, bodyLimit: 10)
      let error = await failure { try await client.send(request, bodyLimit: 10) }
      #expect(error?.kind == (retries ? nil : .reset))
      #expect(server.sockets.count == (retries ? 2 : 1))
    }
  }

  @Test("what is not idempotent is never sent again, but an end that has come is seen before")
  func stalePost() async throws {
    try await withClient { socket, number in
      await socket.read(until: "\r\n\r\n")
      _ = socket.takeText()
      socket.write(ok)
      if number == 1 {
        // Takes the third request and leaves without a word.
        await socket.read(until: "\r\n\r\n")
        socket.close()
      }
    } _: { client, server in
      var request = try ClientRequest.get(server)
      request.method = .post
      request.body = Array("body".utf8)
      _ = try await client.send(request, bodyLimit: 10)
      // Closed, and the client's loop has not been told yet.
      server.sockets[0].close()
      #expect(try await client.send(request, bodyLimit: 10).head.status == 200)
      #expect(server.sockets.count == 2)
      let error = await failure { try await client.send(request, bodyLimit: 10) }
      #expect(error?.kind == .reset && error?.isOfKeptConnection == true)
      #expect(server.sockets.count == 2)
    }
  }

  @Test("a server that reads a request and resets at once has read it: it is not sent again")
  func readAndReset() async throws {
    try await withClient { socket, number in
      await socket.read(until: "body")
      _ = socket.takeText()
      socket.write(ok)
      await socket.read(until: "body")
      socket.stream.reset()
    } _: { client, server in
      var request = try ClientRequest.get(server)
      request.method = .post
      request.body = Array("body".utf8)
      for _ in 0..<5 {
        let count = server.sockets.count
        #expect(try await client.send(request, bodyLimit: 10).head.status == 200)
        let error = await failure { try await client.send(request, bodyLimit: 10) }
        #expect(error?.kind == .reset && error?.isOfKeptConnection == true)
        #expect(server.sockets.count == count + 1)
      }
    }
  }

  @Test("a kept connection that breaks after a while was no closed one: the request was worked on")
  func brokenAfterAWhile() async throws {
    try await withClient { socket, _ in
      await socket.read(until: "\r\n\r\n")
      _ = socket.takeText()
      socket.write(ok)
      await socket.read(until: "\r\n\r\n")
      try? await socket.stream.loop.sleep(for: .milliseconds(1100))
      socket.close()
    } _: { client, server in
      var request = try ClientRequest.get(server)
      request.retriesStaleConnection = false
      #expect(try await client.send(request, bodyLimit: 10).head.status == 200)
      let error = await failure { try await client.send(request, bodyLimit: 10) }
      #expect(error?.kind == .reset && error?.isOfKeptConnection == false)
      #expect(server.sockets.count == 1)
    }
  }

  @Test("who needs a new connection gets none that was kept")
  func needsNew() async throws {
    try await withClient { socket, _ in
      while !socket.hasEnded {
        await socket.read(until: "\r\n\r\n")
        _ = socket.takeText()
        socket.write(ok)
      }
    } _: { client, server in
      var request = try ClientRequest.get(server)
      for _ in 0..<2 { _ = try await client.send(request, bodyLimit: 10) }
      #expect(server.sockets.count == 1)
      request.needsNewConnection = true
      _ = try await client.send(request, bodyLimit: 10)
      #expect(server.sockets.count == 2)
    }
  }

  @Test("a new connection that closes without an answer is not replaced")
  func freshReset() async throws {
    try await withClient { socket, _ in
      await socket.read(until: "\r\n\r\n")
      socket.close()
    } _: { client, server in
      let request = try ClientRequest.get(server)
      let error = await failure { try await client.send(request, bodyLimit: 10) }
      #expect(error?.kind == .reset)
      #expect(error?.mayHaveBeenSent == true)
      #expect(server.sockets.count == 1)
    }
  }

  @Test("interim answers are passed over, a switch of protocols is refused")
  func interim() async throws {
    try await withClient { socket, number in
      await socket.read(until: "\r\n\r\n")
      socket.write(
        number == 0
          ? "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + ok
          : "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n")
      if number == 0 {
        await socket.read(until: "\r\n\r\n")
        socket.close()
      }
    } _: { client, server in
      let request = try ClientRequest.get(server)
      #expect(try await client.send(request, bodyLimit: 10).head.status == 200)
      client.closeIdleConnections()
      let error = await failure { try await client.send(request, bodyLimit: 10) }
      #expect(error?.kind == .malformed)
    }
  }

  @Test("bytes that nobody asked for end a kept connection")
  func unasked() async throws {
    try await withClient { socket, number in
      await socket.read(until: "\r\n\r\n")
      socket.write(number == 0 ? ok + ok : ok)
    } _: { client, server in
      let request = try ClientRequest.get(server)
      _ = try await client.send(request, bodyLimit: 10)
      _ = try await client.send(request, bodyLimit: 10)
      #expect(server.sockets.count == 2)
    }
  }

  @Test(
    "what is not a whole answer is an error",
    arguments: [
      ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", HTTPClientError.Kind.reset),
      ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", .reset),
      ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n", .reset),
      ("HTTP/1.1 200 OK\r\nConte", .reset),
      ("", .reset),
      ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", .malformed),
      ("SSH-2.0-OpenSSH\r\n", .malformed),
      ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", .malformed),
      ("HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n", .tooLarge),
      (
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n"
          + String(repeating: "a", count: 101) + "\r\n0\r\n\r\n", .tooLarge
      ),
      ("HTTP/1.1 200 OK\r\n\r\n" + String(repeating: "a", count: 101), .tooLarge),
    ])
  func broken(_ answer: String, _ kind: HTTPClientError.Kind) async throws {
    try await withClient { socket, _ in
      await socket.read(until: "\r\n\r\n")
      socket.write(answer)
      socket.close()
    } _: { client, server in
      let request = try ClientRequest.get(server)
      let error = await failure { try await client.send(request, bodyLimit: 100) }
      #expect(error?.kind == kind)
    }
  }

  @Test("what came of an answer before it broke is told, and the next piece is the error")
  func brokenLater() async throws {
    try await withClient { socket, _ in
      await socket.read(until: "\r\n\r\n")
      socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\nzz\r\n")
    } _: { client, server in
      let request = try ClientRequest.get(server)
      var pieces: [UInt8] = []
      let error = await failure {
        try await client.withResponse(request) { response in
          while let piece = try await response.next() { pieces += piece }
        }
      }
      #expect(pieces == Array("ab".utf8))
      #expect(error?.kind == .malformed)
      #expect(server.sockets.count == 1)
    }
  }

  @Test("an answer without a length is whole at the close, and cut by a reset")
  func untilClose() async throws {
    let cut = LoopEvent<Void>()
    nonisolated(unsafe) let unsafeCut = cut
    try await withClient { socket, number in
      await socket.read(until: "\r\n\r\n")
      socket.write("HTTP/1.1 200 OK\r\n\r\nall")
      if number == 1 {
        await unsafeCut.wait()
        socket.stream.reset()
      } else {
        socket.close()
      }
    } _: { client, server in
      let request = try ClientRequest.get(server)
      #expect(try await client.send(request, bodyLimit: 10).body == Array("all".utf8))
      let error = await failure {
        try await client.withResponse(request) { response in
          let first = try await response.next()
          #expect(first == Array("all".utf8))
          unsafeCut.fire(())
          // The reset comes while nobody reads; another connection's round trip lets it arrive.
          _ = try await client.send(request, bodyLimit: 10)
          while try await response.next() != nil {}
        }
      }
      #expect(error?.kind == .reset)
    }
  }

  @Test("a port where nobody listens is an error of connecting, and nothing was sent")
  func refused() async throws {
    let port = try RefusingPort()
    defer { withExtendedLifetime(port) {} }
    try await withClient(script: Self.answerAll) { client, _ in
      let request = ClientRequest(.get, try HTTPURL("http://127.0.0.1:\(port.number)/"))
      let error = await failure { try await client.send(request, bodyLimit: 10) }
      #expect(error?.kind == .connect)
      #expect(error?.mayHaveBeenSent == false)
    }
  }

  @Test("an address that points inside is refused where only public ones are allowed")
  func forbidden() async throws {
    try await withClient(script: Self.answerAll) { client, server in
      var request = try ClientRequest.get(server)
      request.addressPolicy = .publicOnly
      let error = await failure { try await client.send(request, bodyLimit: 10) }
      #expect(error?.kind == .forbiddenAddress)
      #expect(server.sockets.isEmpty)
    }
  }
}
