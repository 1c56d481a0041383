import Foundation
import TestSupport
import Testing

@testable import EventLoop

@Suite("TCP streams", .bounded, .timeLimit(.minutes(10)))
struct StreamTests {
  @Test("a megabyte goes to an echo server and back", arguments: [false, true])
  func echo(overTLS: Bool) async throws {
    let group = EventLoopGroup(count: 1)
    let loop = group.loops[0]
    let certificates = try Certificates()
    let echoed = try await loop.run {
      let server = try EchoServer(loop, tls: overTLS ? certificates.server() : nil)
      let stream = try await loop.connect(to: [server.address], timeout: .seconds(10))
      if overTLS {
        try await stream.startTLS(
          certificates.client(), serverName: "localhost", ticket: nil, timeout: .seconds(10)
        ) { _ in }
      }
      let payload = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
      let collector = Collector(expecting: payload.count)
      stream.handler = collector
      stream.resumeReading()
      stream.write(payload)
      await collector.done.wait()
      stream.close()
      server.close()
      return collector.bytes == payload
    }
    #expect(echoed)
    await group.shutdown()
  }

  @Test("a certificate of an unknown authority, or for another name, is refused")
  func verification() async throws {
    let group = EventLoopGroup(count: 1)
    let loop = group.loops[0]
    let certificates = try Certificates()
    let errors = try await loop.run {
      let server = try EchoServer(loop, tls: certificates.server())
      var errors: [String] = []
      for (context, name) in [
        (try TLSContext(client: nil), "localhost"), (try certificates.client(), "example.com"),
      ] {
        let stream = try await loop.connect(to: [server.address], timeout: .seconds(10))
        do throws(StreamError) {
          try await stream.startTLS(
            context, serverName: name, ticket: nil, timeout: .seconds(10)
          ) { _ in }
          errors.append("accepted")
        } catch {
          errors.append("\(error)")
        }
      }
      server.close()
      return errors
    }
    #expect(errors.allSatisfy { $0.contains("certificate refused") }, "\(errors)")
    await group.shutdown()
  }

  @Test("a connection to a closed port fails over to the next address")
  func failover() async throws {
    let group = EventLoopGroup(count: 1)
    let loop = group.loops[0]
    try await loop.run {
      let gone = try EchoServer(loop, tls: nil)
      gone.close()
      let server = try EchoServer(loop, tls: nil)
      let stream = try await loop.connect(
        to: [gone.address, server.address], timeout: .seconds(10))
      #expect(stream.remoteAddress?.port == server.address.port)
      stream.close()
      await #expect(throws: SystemError.self) {
        _ = try await loop.connect(to: [gone.address], timeout: .seconds(10))
      }
      server.close()
    }
    await group.shutdown()
  }

  @Test("a writer whose peer does not read sees its bytes pend, and drain once it reads")
  func backpressure() async throws {
    let group = EventLoopGroup(count: 1)
    let loop = group.loops[0]
    try await loop.run {
      let server = try EchoServer(loop, tls: nil, echoes: false)
      let stream = try await loop.connect(to: [server.address], timeout: .seconds(10))
      let collector = Collector(expecting: .max)
      stream.handler = collector
      while stream.pendingBytes == 0 { stream.write([UInt8](repeating: 1, count: 1 << 20)) }
      #expect(stream.pendingBytes > 0)
      await server.accepted.wait()
      server.readAll()
      await collector.drained.wait()
      #expect(stream.pendingBytes == 0)
      stream.close()
      server.close()
    }
    await group.shutdown()
  }

  @Test("a look-up that takes too long is given up, and so is one whose task is cancelled")
  func slowResolving() async throws {
    let group = EventLoopGroup(count: 1)
    let loop = group.loops[0]
    let gate = DispatchSemaphore(value: 0)
    try await loop.run {
      // Every thread that could look a name up is kept busy.
      var queued = 0
      let busy = (0..<64).map { _ in
        loop.spawn {
          queued += 1
          try? await loop.offload {
            gate.wait()
            gate.signal()
          }
        }
      }
      try await eventually("all threads are asked for") { queued == busy.count }
      await #expect(throws: SystemError.timedOut) {
        _ = try await loop.resolve(host: "localhost", port: 80, timeout: .milliseconds(20))
      }
      let cancelled = LoopEvent<SystemError?>()
      let task = loop.spawn {
        do throws(SystemError) {
          _ = try await loop.resolve(host: "localhost", port: 80)
          cancelled.fire(nil)
        } catch { cancelled.fire(error) }
      }
      task.cancel()
      #expect(await cancelled.wait() == .cancelled)
      gate.signal()
      for task in busy { await task.value }
      let later = try await loop.resolve(host: "localhost", port: 80, timeout: .seconds(60))
      #expect(!later.isEmpty)
    }
    await group.shutdown()
  }

  @Test("localhost resolves, a name that cannot exist does not, literals need no resolver")
  func resolving() async throws {
    let group = EventLoopGroup(count: 1)
    let loop = group.loops[0]
    try await loop.run {
      let local = try await loop.resolve(host: "localhost", port: 80)
      #expect(local.contains { ["127.0.0.1", "::1"].contains($0.ip) })
      #expect(try await loop.resolve(host: "::1", port: 443).map(\.description) == ["[::1]:443"])
      await #expect(throws: SystemError.self) {
        _ = try await loop.resolve(host: "no-such-host.invalid", port: 80)
      }
    }
    await group.shutdown()
  }
}

struct Certificates: Sendable {
  let folder: String

  init() throws {
    folder = try #require(
      Bundle.module.url(forResource: "Fixtures/tls", withExtension: nil)
    ).path
  }
  func server() throws -> TLSContext {
    try TLSContext(certificateFile: folder + "/server.pem", keyFile: folder + "/server.key")
  }
  func client() throws -> TLSContext { try TLSContext(client: folder + "/authority.pem") }
}

/// Sends back what it gets, or holds its breath until `readAll`.
final class EchoServer: TCPStreamHandler {
  let address: SocketAddress
  let accepted = LoopEvent<Void>()
  private var listener: TCPListener?
  private var streams: [TCPStream] = []

  init(_ loop: EventLoop, tls: TLSContext?, echoes: Bool = true) throws {
    let local = try #require(SocketAddress(ip: "127.0.0.1", port: 0))
    var accept: ((TCPStream) -> Void)?
    let listener = try TCPListener(loop, at: local) { accept?($0) }
    address = listener.address
    self.listener = listener
    accept = { [self] stream in
      streams.append(stream)
      stream.handler = self
      if let tls { try? stream.acceptTLS(tls) }
      if echoes { stream.resumeReading() }
      accepted.fire(())
    }
  }

  func readAll() { for stream in streams { stream.resumeReading() } }
  func close() {
    listener?.close()
    for stream in streams { stream.close() }
    streams = []
  }
  func stream(_ stream: TCPStream, didRead bytes: Span<UInt8>) { stream.write(bytes) }
  func streamDidReadEOF(_ stream: TCPStream) { stream.close() }
  func streamDidDrain(_ stream: TCPStream) {}
  func streamDidTimeOut(_ stream: TCPStream) {}
  func stream(_ stream: TCPStream, didCloseWith error: StreamError?) {}
}

/// Keeps what it reads.
final class Collector: TCPStreamHandler {
  var bytes: [UInt8] = []
  let done = LoopEvent<Void>()
  let drained = LoopEvent<Void>()
  private let expected: Int

  init(expecting expected: Int) { self.expected = expected }

  func stream(_ stream: TCPStream, didRead bytes: Span<UInt8>) {
    for index in bytes.indices { self.bytes.append(bytes[index]) }
    if self.bytes.count >= expected { done.fire(()) }
  }
  func streamDidReadEOF(_ stream: TCPStream) { done.fire(()) }
  func streamDidDrain(_ stream: TCPStream) { drained.fire(()) }
  func streamDidTimeOut(_ stream: TCPStream) {}
  func stream(_ stream: TCPStream, didCloseWith error: StreamError?) { done.fire(()) }
}
