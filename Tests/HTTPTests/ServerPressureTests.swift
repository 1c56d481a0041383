import EventLoop
import Synchronization
import TestSupport
import Testing

@testable import HTTP

@Suite("Server under slow, greedy and leaving clients", .bounded, .timeLimit(.minutes(10)))
struct ServerPressureTests {
  @Test(
    "a head that does not arrive in time is answered with 408, also if its lines are whole",
    arguments: ["GET / HT", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: a\r\n"])
  func slowHead(_ part: String) async throws {
    var configuration = ServerConfiguration()
    configuration.headerTimeout = .milliseconds(50)
    try await withServer(configuration, handler: ServerTests.echo) { loop, server in
      let socket = try await RawSocket.connect(loop, server.port)
      socket.write(part)
      await socket.readToEnd()
      #expect(socket.text.hasPrefix("HTTP/1.1 408 Request Timeout\r\n"))
    }
  }

  @Test("a body that does not arrive in time is answered with 408")
  func slowBody() async throws {
    var configuration = ServerConfiguration()
    configuration.bodyTimeout = .milliseconds(50)
    try await withServer(configuration, handler: ServerTests.echo) { loop, server in
      let socket = try await RawSocket.connect(loop, server.port)
      socket.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab")
      await socket.readToEnd()
      #expect(socket.text.hasPrefix("HTTP/1.1 408 Request Timeout\r\n"))
    }
  }

  @Test("a connection without a request is closed in silence")
  func idle() async throws {
    var configuration = ServerConfiguration()
    configuration.idleTimeout = .milliseconds(50)
    try await withServer(configuration, handler: ServerTests.echo) { loop, server in
      let socket = try await RawSocket.connect(loop, server.port)
      #expect(await socket.readToEnd().isEmpty)
    }
  }

  @Test("a client that leaves cancels its handler")
  func leaving() async throws {
    let (began, begin) = AsyncStream<Void>.makeStream()
    let (ended, end) = AsyncStream<Bool>.makeStream()
    try await withServer { exchange in
      begin.yield(())
      do { try await exchange.loop.sleep(for: .seconds(600)) } catch {
        end.yield(error is CancellationError && exchange.isClientGone)
      }
    } _: { loop, server in
      let socket = try await RawSocket.connect(loop, server.port)
      socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      for await _ in began { break }
      socket.close()
      for await wasCancelled in ended {
        #expect(wasCancelled)
        break
      }
    }
  }

  @Test("a producer waits for a client that does not read")
  func slowReader() async throws {
    let piece = [UInt8](repeating: 0x61, count: 64 * 1024)
    let count = 400
    let most = Mutex(0)
    try await withServer { exchange in
      exchange.start(200, [:], length: piece.count * count)
      for _ in 0..<count {
        guard (try? await exchange.write(piece)) != nil else { return }
        let pending = exchange.pendingBytes
        most.withLock { $0 = max($0, pending) }
      }
      exchange.finish()
    } _: { loop, server in
      let socket = try await RawSocket.connect(loop, server.port, reads: false)
      socket.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
      // Others are served meanwhile.
      let other = try await RawSocket.connect(loop, server.port)
      other.write("HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
      await other.readToEnd()
      socket.stream.resumeReading()
      await socket.readToEnd()
      #expect(socket.bytes.count > piece.count * count)
      #expect(most.withLock { $0 } <= 2 * 64 * 1024 + 1024)
    }
  }

  @Test("a client that asks on and on without reading does not fill the memory with answers")
  func greedyPipelining() async throws {
    let body = [UInt8](repeating: 0x61, count: 1 << 20)
    let answered = Mutex(0)
    try await withServer { exchange in
      answered.withLock { $0 += 1 }
      exchange.respond(200, [:], body)
    } _: { loop, server in
      let socket = try await RawSocket.connect(loop, server.port, reads: false)
      let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
      socket.write(String(repeating: request, count: 100))
      let other = try await RawSocket.connect(loop, server.port)
      other.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
      await other.readToEnd()
      #expect(answered.withLock { $0 } < 50)
      socket.stream.resumeReading()
      await socket.read { $0.bytes.count > 100 << 20 }
      #expect(answered.withLock { $0 } == 101)
      socket.close()
    }
  }

  @Test("the last answer reaches a client that takes longer than the server lingers")
  func slowLastAnswer() async throws {
    let body = [UInt8](repeating: 0x61, count: 16 << 20)
    try await withServer {
      $0.respond(200, [:], body)
    } _: { loop, server in
      let socket = try await RawSocket.connect(loop, server.port, reads: false)
      socket.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
      let longer = LoopEvent<Void>()
      let timer = loop.schedule(after: .milliseconds(2500)) { longer.fire(()) }
      await longer.wait()
      timer.cancel()
      socket.stream.resumeReading()
      await socket.readToEnd()
      #expect(socket.bytes.count > body.count)
    }
  }

  @Test("draining lets a running request finish and closes idle connections")
  func drain() async throws {
    let (began, begin) = AsyncStream<Void>.makeStream()
    let (goOn, resume) = AsyncStream<Void>.makeStream()
    try await withServer { exchange in
      begin.yield(())
      for await _ in goOn { break }
      exchange.respond(200, [:], Array("done".utf8))
    } _: { loop, server in
      let idle = try await RawSocket.connect(loop, server.port)
      let busy = try await RawSocket.connect(loop, server.port)
      busy.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      for await _ in began { break }
      async let drained = server.drain(within: .seconds(30))
      #expect(await idle.readToEnd().isEmpty)
      await #expect(throws: (any Error).self) { try await RawSocket.connect(loop, server.port) }
      resume.yield(())
      await busy.readToEnd()
      #expect(busy.text.hasSuffix("\r\n\r\ndone"))
      #expect(busy.text.contains("connection: close"))
      #expect(await drained)
    }
  }

  @Test("draining gives up on a request that does not finish, and its client is told")
  func drainGivesUp() async throws {
    let (began, begin) = AsyncStream<Void>.makeStream()
    try await withServer { exchange in
      begin.yield(())
      try? await exchange.loop.sleep(for: .seconds(600))
    } _: { loop, server in
      let busy = try await RawSocket.connect(loop, server.port)
      busy.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      for await _ in began { break }
      #expect(await server.drain(within: .milliseconds(50)) == false)
      await server.close()
      await busy.readToEnd()
      #expect(busy.text.hasPrefix("HTTP/1.1 503 "))
    }
  }

  @Test("one connection more than the bound gets 503")
  func tooManyConnections() async throws {
    var configuration = ServerConfiguration()
    configuration.connections = 1
    try await withServer(configuration, handler: ServerTests.echo) { loop, server in
      let first = try await RawSocket.connect(loop, server.port)
      first.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      await first.read(until: "\r\n\r\n")
      let second = try await RawSocket.connect(loop, server.port)
      await second.readToEnd()
      #expect(second.text.hasPrefix("HTTP/1.1 503 Service Unavailable\r\n"))
      first.close()
    }
  }
}
