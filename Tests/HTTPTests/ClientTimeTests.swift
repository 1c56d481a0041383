import EventLoop
import TestSupport
import Testing

@testable import HTTP

@Suite("Client and time", .bounded, .timeLimit(.minutes(10)))
struct ClientTimeTests {
  @Sendable
  private static func silence(_ socket: RawSocket, _ number: Int) async {
    await socket.read { _ in false }
  }

  @Test("a server that says nothing is given up")
  func firstByte() async throws {
    try await withClient(script: Self.silence) { client, server in
      var request = try ClientRequest.get(server)
      request.timeouts.firstByte = .milliseconds(50)
      let error = await failure { try await client.send(request, bodyLimit: 10) }
      #expect(error?.kind == .timeout(.firstByte))
      #expect(error?.mayHaveBeenSent == true)
    }
  }

  @Test("a server that stops within its answer is given up")
  func idle() async throws {
    try await withClient { socket, _ in
      await socket.read(until: "\r\n\r\n")
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab")
    } _: { client, server in
      var request = try ClientRequest.get(server)
      request.timeouts.idle = .milliseconds(50)
      let error = await failure { try await client.send(request, bodyLimit: 10) }
      #expect(error?.kind == .timeout(.idle))
    }
  }

  @Test("the bound on the whole counts in every phase")
  func total() async throws {
    try await withClient { socket, number in
      await socket.read(until: "\r\n\r\n")
      if number == 1 { socket.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab") }
    } _: { client, server in
      var request = try ClientRequest.get(server)
      request.timeouts.total = .milliseconds(50)
      for _ in 0..<2 {
        let error = await failure { try await client.send(request, bodyLimit: 10) }
        #expect(error?.kind == .timeout(.total))
      }
    }
  }

  @Test("a slow consumer does not time its server out")
  func slowConsumer() async throws {
    try await withClient { socket, number in
      await socket.read(until: "\r\n\r\n")
      if number == 0 { socket.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab") }
    } _: { client, server in
      var request = try ClientRequest.get(server)
      request.timeouts.idle = .milliseconds(50)
      request.timeouts.firstByte = .milliseconds(50)
      var longer = request
      longer.timeouts.firstByte = .milliseconds(400)
      try await client.withResponse(request) { response in
        let first = try await response.next()
        #expect(first == Array("ab".utf8))
        // Longer than both bounds of the first request.
        let error = await failure { try await client.send(longer, bodyLimit: 10) }
        #expect(error?.kind == .timeout(.firstByte))
        server.sockets.first?.write("cd")
        let rest = try await response.collect(limit: 10)
        #expect(rest == Array("cd".utf8))
      }
    }
  }

  @Test("a task that is cancelled closes its connection")
  func cancellation() async throws {
    try await withClient { socket, _ in
      await socket.read(until: "\r\n\r\n")
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab")
    } _: { client, server in
      let request = try ClientRequest.get(server)
      let began = LoopEvent<Void>()
      let ended = LoopEvent<HTTPClientError?>()
      let task = client.loop.spawn {
        ended.fire(
          await failure {
            try await client.withResponse(request) { response in
              _ = try await response.next()
              began.fire(())
              while try await response.next() != nil {}
            }
          })
      }
      await began.wait()
      task.cancel()
      #expect(await ended.wait()?.kind == .cancelled)
      await server.sockets.first?.read { _ in false }
      #expect(server.sockets.first?.hasEnded == true)
    }
  }

  @Test("a request waits for a free connection, and gives up in time")
  func exhausted() async throws {
    var configuration = HTTPClientConfiguration()
    configuration.connectionsPerOrigin = 1
    configuration.waitersPerOrigin = 1
    try await withClient(configuration: configuration) { socket, _ in
      while !socket.hasEnded {
        await socket.read(until: "\r\n\r\n")
        _ = socket.takeText()
        socket.write(ok)
      }
    } _: { client, server in
      var request = try ClientRequest.get(server)
      request.timeouts.connect = .milliseconds(50)
      let waiting = LoopEvent<HTTPClientError?>()
      try await client.withResponse(request) { response in
        let error = await failure { try await client.send(request, bodyLimit: 10) }
        #expect(error?.kind == .poolExhausted)
        request.timeouts.connect = .seconds(30)
        let patient = request
        client.loop.spawn {
          waiting.fire(await failure { try await client.send(patient, bodyLimit: 10) })
        }
        _ = try await response.collect(limit: 10)
      }
      #expect(await waiting.wait()?.kind == nil)
      #expect(server.sockets.count == 1)
    }
  }
}
