import EventLoop
import Foundation
import Glibc
import HTTP
import OpenAIWire
import Simulator
import TestSupport
import Testing

@Suite("Operations of the built program", .serialized, .bounded, .timeLimit(.minutes(10)))
struct OperationsTests {
  static let question = Array(
    "{\"model\":\"gpt-4o\",\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}".utf8)

  static let streamed = Array(
    ("{\"model\":\"gpt-4o\",\"stream\":true,"
      + "\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}").utf8)

  @Test("SIGTERM with 200 requests in flight: all complete, readiness fails, exit status 0")
  func sigterm() async throws {
    let group = EventLoopGroup(count: 1)
    let loop = group.loops[0]
    let simulator = try await SimulatorServer.start(group: group)
    let program = try EaselProcess.serve(
      upstream: simulator, configuration: "shutdown: {readiness_delay: 1s}")
    defer { program.kill() }
    let url = try HTTPURL(try await program.url())
    for _ in 0..<200 {
      var fault = SimulatorFault()
      fault.isHeld = true
      simulator.queue(fault, route: "chat")
    }
    async let statuses = loop.run {
      let client = HTTPClient(loop: loop, tls: try TLSContext(client: nil))
      let done = LoopEvent<Void>()
      var statuses: [Int] = []
      for _ in 0..<200 {
        loop.spawn {
          let request = ClientRequest(
            .post, url.appending(path: "v1/chat/completions"), body: Self.question)
          let answer = try? await client.send(request, bodyLimit: 1 << 20)
          statuses.append(answer?.head.status ?? 0)
          if statuses.count == 200 { done.fire(()) }
        }
      }
      await done.wait()
      return statuses
    }
    try await eventually("all requests are at the upstream") { simulator.openCount == 200 }
    program.send(SIGTERM)
    let readiness = try await loop.run {
      let client = HTTPClient(loop: loop, tls: try TLSContext(client: nil))
      while true {
        let answer = try await client.send(
          ClientRequest(.get, url.appending(path: "health/ready")), bodyLimit: 1 << 16)
        if answer.head.status != 200 { return answer.head.status }
      }
    }
    #expect(readiness == 503)
    simulator.release()
    #expect(try await statuses == Array(repeating: 200, count: 200))
    let (status, log) = try await program.waitForExit()
    #expect(status == 0, "\(log)")
    await simulator.stop()
    await group.shutdown()
  }

  @Test("SIGTERM as soon as it says that it listens: exit status 0", arguments: 0..<5)
  func sigtermEarly(_: Int) async throws {
    let group = EventLoopGroup(count: 1)
    let simulator = try await SimulatorServer.start(group: group)
    let program = try EaselProcess.serve(upstream: simulator)
    defer { program.kill() }
    _ = try await program.url()
    let (exit, log) = try await program.terminate()
    #expect(exit == 0, "\(log)")
    await simulator.stop()
    await group.shutdown()
  }

  @Test("SIGTERM with requests that outlast the grace: they are told, exit status 75, in time")
  func sigtermCuts() async throws {
    let group = EventLoopGroup(count: 1)
    let loop = group.loops[0]
    let simulator = try await SimulatorServer.start(group: group)
    let program = try EaselProcess.serve(
      upstream: simulator, configuration: "shutdown: {grace: 200ms}")
    defer { program.kill() }
    let url = try HTTPURL(try await program.url())
    var hang = SimulatorFault()
    hang.hangs = true
    simulator.queue(hang, route: "chat")
    var paced = SimulatorFault()
    paced.pace = .seconds(1)
    simulator.queue(paced, route: "chat")
    let begun = LockedInt()
    async let status = loop.run {
      let client = HTTPClient(loop: loop, tls: try TLSContext(client: nil))
      let request = ClientRequest(
        .post, url.appending(path: "v1/chat/completions"), body: Self.question)
      return try? await client.send(request, bodyLimit: 1 << 20).head.status
    }
    try await eventually("the request is at the upstream") { simulator.openCount == 1 }
    async let stream = loop.run {
      let client = HTTPClient(loop: loop, tls: try TLSContext(client: nil))
      let request = ClientRequest(
        .post, url.appending(path: "v1/chat/completions"), body: Self.streamed)
      var text = ""
      try await client.withResponse(request) { response in
        begun.value += 1
        while let piece = try await response.next() {
          text += String(decoding: piece, as: UTF8.self)
        }
      }
      return text
    }
    try await eventually("the stream is under way") { begun.value == 1 }
    let start = ContinuousClock.now
    program.send(SIGTERM)
    #expect(try await status == 503)
    #expect(try await stream.hasSuffix("\"code\":\"gateway_stopping\"}}\n\n"))
    let (exit, log) = try await program.waitForExit()
    #expect(exit == 75, "\(log)")
    #expect(log.components(separatedBy: "\"outcome\":\"stopped\"").count == 3, "\(log)")
    #expect(ContinuousClock.now - start < .seconds(5))
    await simulator.stop()
    await group.shutdown()
  }

  @Test("comments come while a picture is made, also while the upstream writes the next call")
  func keepAlive() async throws {
    let group = EventLoopGroup(count: 1)
    let loop = group.loops[0]
    let simulator = try await SimulatorServer.start(group: group)
    let program = try EaselProcess.serve(
      upstream: simulator, configuration: "image_tool: {keep_alive: 1s}")
    defer { program.kill() }
    let url = try HTTPURL(try await program.url())
    func event(_ delta: String, _ finish: String = "null") -> String {
      "data: {\"choices\":[{\"index\":0,\"delta\":{\(delta)},\"finish_reason\":\(finish)}]}\n\n"
    }
    func call(_ index: Int, _ prompt: String) -> String {
      event(
        "\"tool_calls\":[{\"index\":\(index),\"id\":\"\(index)\",\"function\":{\"name\":"
          + "\"generate_image\",\"arguments\":\"{\\\"prompt\\\":\\\"\(prompt)\\\"}\"}}]")
    }
    var slow = SimulatorFault()
    slow.replay = Array(
      (event("\"role\":\"assistant\"") + call(0, "a") + call(1, "b")
        + call(2, String(repeating: "c", count: 600)) + event("", "\"stop\"")).utf8)
    slow.splitsEveryByte = true
    slow.pace = .milliseconds(2)
    simulator.queue(slow, route: "chat")
    var picture = SimulatorFault()
    picture.delay = .milliseconds(1500)
    simulator.queue(picture, route: "images")
    let text = try await loop.run {
      let client = HTTPClient(loop: loop, tls: try TLSContext(client: nil))
      let body =
        "{\"model\":\"gpt-4o\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"draw\"}]}"
      let request = ClientRequest(
        .post, url.appending(path: "v1/chat/completions"), body: Array(body.utf8))
      let answer = try await client.send(request, bodyLimit: 1 << 20)
      return String(decoding: answer.body, as: UTF8.self)
    }
    let comment = try #require(text.range(of: ": drawing")).lowerBound
    #expect(comment < (try #require(text.range(of: "![")).lowerBound))
    await simulator.stop()
    await group.shutdown()
  }

  @Test("a client that reads slowly slows its upstream and costs little memory")
  func slowReader() async throws {
    let group = EventLoopGroup(count: 2)
    let simulator = try await SimulatorServer.start(group: group)
    let program = try EaselProcess.serve(upstream: simulator)
    defer { program.kill() }
    let url = try HTTPURL(try await program.url())
    let loop = group.loops[0]
    let body =
      "{\"model\":\"gpt-4o\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"tell me 220000 words\"}]}"
    let head =
      "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
    let growth = try await loop.run {
      let client = HTTPClient(loop: loop, tls: try TLSContext(client: nil))
      // Warm up, by streams of the same kind, so that what grows is this stream's.
      for _ in 0..<5 {
        let short = body.replacing("220000", with: "500")
        _ = try await client.send(
          ClientRequest(.post, url.appending(path: "v1/chat/completions"), body: Array(short.utf8)),
          bodyLimit: 1 << 20)
      }
      let before = try program.residentBytes()
      let reader = try SlowReader(port: url.port)
      defer { reader.close() }
      try await loop.offload { try reader.send(head + body) }
      // A kilobyte a second, long enough for everything that buffers to be full.
      var growth = 0
      for _ in 0..<40 {
        try await loop.offload { try reader.read(102) }
        try await loop.sleep(for: .milliseconds(100))
        growth = max(growth, try program.residentBytes() - before)
      }
      #expect(simulator.openCount == 1, "the upstream was not slowed")
      return growth
    }
    #expect(growth <= 1 << 20, "a slow reader costs \(growth) bytes")
    try await eventually("the upstream's stream has ended") { simulator.openCount == 0 }
    await simulator.stop()
    await group.shutdown()
  }
}

/// A client that takes few bytes at a time, by a plain socket.
private struct SlowReader: Sendable {
  private let descriptor: Int32

  init(port: Int) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) }
    }
    try #require(descriptor >= 0 && status == 0)
  }

  func send(_ text: String) throws {
    let sent = Array(text.utf8).withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    try #require(sent == text.utf8.count)
  }

  /// Waits for and takes at most `count` bytes.
  func read(_ count: Int) throws {
    var buffer = [UInt8](repeating: 0, count: count)
    let received = buffer.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, count, 0) }
    try #require(received > 0, "the stream has ended")
  }

  func close() { _ = Glibc.close(descriptor) }
}

extension EaselProcess {
  /// Resident memory, from the kernel's account of the process.
  func residentBytes() throws -> Int {
    let status = try String(
      contentsOfFile: "/proc/\(processIdentifier)/status", encoding: .utf8)
    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
    let kilobytes = line.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) }
    return try #require(kilobytes) * 1024
  }
}
