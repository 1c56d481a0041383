import EventLoop
import Foundation
import HTTP
import Simulator
import TestSupport
import Testing

/// Held to the program as it is built for the tests; the bounds hold for a release build as well.
@Suite(
  "Memory that pictures take in the built program", .serialized, .bounded, .timeLimit(.minutes(10)))
struct PictureMemoryTests {
  /// Bytes of a picture whose answer has 20 MB of base64.
  private static let pad = 15_000_000
  private static let answer = 20_000_000

  private func with(
    _ configuration: String = "", images: String = "",
    _ body:
      @escaping @Sendable (SimulatorServer, EaselProcess, HTTPURL, EventLoopGroup) async throws
      -> Void
  ) async throws {
    let group = EventLoopGroup(count: 1)
    let simulator = try await SimulatorServer.start(group: group)
    let program = try EaselProcess.serve(
      upstream: simulator, configuration: configuration, images: images)
    defer { program.kill() }
    try await body(simulator, program, try HTTPURL(try await program.url()), group)
    await simulator.stop()
    await group.shutdown()
  }

  private func draw(
    _ url: HTTPURL, _ client: HTTPClient, format: String, stream: Bool = false,
    headers: HeaderFields = [:]
  ) async throws -> (status: Int, count: Int) {
    let text =
      "{\"prompt\":\"a fox\",\"model\":\"gpt-image-1\",\"stream\":\(stream),"
      + "\"response_format\":\"\(format)\"}"
    let request = ClientRequest(
      .post, url.appending(path: "v1/images/generations"), headers: headers,
      body: Array(text.utf8))
    var (status, count) = (0, 0)
    try await client.withResponse(request) { response in
      while let piece = try await response.next() { count += piece.count }
      status = response.head.status
    }
    return (status, count)
  }

  private static func pads(_ simulator: SimulatorServer, _ count: Int) {
    for _ in 0..<count {
      var fault = SimulatorFault()
      fault.padBytes = pad
      simulator.queue(fault, route: "images")
    }
  }

  @Test(
    "an answer of 20 MB takes at most three times its size",
    arguments: [("b64_json", false), ("url", false), ("b64_json", true)])
  func one(_ format: String, _ stream: Bool) async throws {
    try await with("threads: 1") { simulator, program, url, group in
      let loop = group.loops[0]
      let (count, growth) = try await loop.run {
        let client = HTTPClient(loop: loop, tls: try TLSContext(client: nil))
        // So that what is loaded once is loaded.
        #expect(try await draw(url, client, format: format, stream: stream).status == 200)
        Self.pads(simulator, 1)
        try program.resetPeak()
        let before = try program.memory("VmRSS:")
        let (status, count) = try await draw(url, client, format: format, stream: stream)
        #expect(status == 200)
        return (count, try program.memory("VmHWM:") - before)
      }
      #expect(format == "url" ? count < 10_000 : count > Self.answer)
      #expect(growth <= 3 * Self.answer, "\(growth) bytes for \(Self.answer)")
      print("memory: \(format) stream=\(stream): \(Double(growth) / Double(Self.answer))")
    }
  }

  @Test("fifty at once stay within the bound that is configured, and all are answered")
  func many() async throws {
    try await with(images: "memory: 192MiB") { simulator, program, url, group in
      let loop = group.loops[0]
      let growth = try await loop.run {
        let client = HTTPClient(loop: loop, tls: try TLSContext(client: nil))
        #expect(try await draw(url, client, format: "b64_json").status == 200)
        Self.pads(simulator, 50)
        try program.resetPeak()
        let before = try program.memory("VmRSS:")
        let bound = LoopBound(client, on: loop)
        let answers = try await withThrowingTaskGroup(of: (status: Int, count: Int).self) { tasks in
          for number in 0..<50 {
            let format = number.isMultiple(of: 5) ? "b64_json" : "url"
            tasks.addTask { try await self.draw(url, bound.value, format: format) }
          }
          return try await tasks.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.allSatisfy { $0.status == 200 })
        return try program.memory("VmHWM:") - before
      }
      #expect(growth <= 192 << 20, "\(growth >> 20) MiB")
      print("memory: fifty: \(growth >> 20) MiB")
    }
  }

  @Test("fifty repetitions of what is paid for stay within the bound, too")
  func repetitions() async throws {
    try await with(images: "memory: 192MiB") { simulator, program, url, group in
      let loop = group.loops[0]
      let growth = try await loop.run {
        let client = HTTPClient(loop: loop, tls: try TLSContext(client: nil))
        Self.pads(simulator, 1)
        let key: HeaderFields = ["idempotency-key": "one"]
        #expect(try await draw(url, client, format: "b64_json", headers: key).status == 200)
        try program.resetPeak()
        let before = try program.memory("VmRSS:")
        let bound = LoopBound(client, on: loop)
        let answers = try await withThrowingTaskGroup(of: (status: Int, count: Int).self) { tasks in
          for _ in 0..<50 {
            tasks.addTask {
              try await self.draw(url, bound.value, format: "b64_json", headers: key)
            }
          }
          return try await tasks.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.allSatisfy { $0.status == 200 && $0.count > Self.answer })
        return try program.memory("VmHWM:") - before
      }
      #expect(simulator.jobs["openai"]?.accepted == 1)
      // Two at a time, and what the allocator keeps for each thread that has read a file.
      #expect(growth <= 384 << 20, "\(growth >> 20) MiB")
      print("memory: fifty repetitions: \(growth >> 20) MiB")
    }
  }
}

extension EaselProcess {
  /// A line of the kernel's account of the process, in bytes.
  func memory(_ name: String) throws -> Int {
    let status = try String(contentsOfFile: "/proc/\(processIdentifier)/status", encoding: .utf8)
    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix(name) })
    let kilobytes = line.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) }
    return try #require(kilobytes) * 1024
  }

  /// Has the kernel's record of the most memory begin anew (proc(5), clear_refs).
  func resetPeak() throws {
    try Data("5".utf8).write(to: URL(fileURLWithPath: "/proc/\(processIdentifier)/clear_refs"))
  }
}
