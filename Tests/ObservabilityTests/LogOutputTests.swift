import Dispatch
import Foundation
import TestSupport
import Testing

@testable import Observability

@Suite("The log's output", .bounded, .timeLimit(.minutes(10)))
struct LogOutputTests {
  private let capture = LogCapture()

  @Test("has lines of its level and above only")
  func levels() {
    let output = LogOutput(write: capture.write)
    let logger = Logger(level: .warning, output: output)
    logger.debug("1")
    logger.info("2")
    logger.warning("3")
    logger.error("4")
    logger.log(RequestLog(id: "req_1", route: "/", method: "GET"))
    output.flush()
    #expect(capture.objects.map { $0["message"] as? String } == ["3", "4"])
    #expect(capture.objects.map { $0["level"] as? String } == ["warning", "error"])
    #expect(!logger.isEnabled(.info))
    #expect(logger.isEnabled(.error))
  }

  @Test("has what operators did at any level")
  func audit() {
    let output = LogOutput(write: capture.write)
    Logger(level: .error, output: output).audit(["command": "open"])
    Logger.disabled.audit(["command": "close"])
    output.flush()
    #expect(capture.objects.map { $0["message"] as? String } == ["audit"])
    #expect(capture.objects.map { $0["command"] as? String } == ["open"])
  }

  @Test("does not work out the fields of a line that is not written")
  func lazyFields() {
    func fields() -> LogFields {
      Issue.record("the fields were made")
      return [:]
    }
    Logger(level: .error, output: LogOutput(write: capture.write)).debug("x", fields())
    Logger.disabled.error("x", fields())
    #expect(!Logger.disabled.isEnabled(.error))
  }

  @Test("carries the fields of a context on every line, in a bounded size")
  func context() {
    let output = LogOutput(write: capture.write)
    let logger = Logger(level: .info, output: output).with(["upstream": "openai"]).with(["loop": 2])
    logger.info("a", ["x": 1])
    var bounded = logger
    for _ in 0..<100 {
      bounded = bounded.with(["text": .string(String(repeating: "y", count: 99))])
    }
    bounded.info("b")
    output.flush()
    #expect(capture.lines[0].hasSuffix(#""message":"a","upstream":"openai","loop":2,"x":1}"#))
    #expect(capture.lines[1].utf8.count < 2200)
    #expect(capture.objects[1]["loop"] as? Int == 2)
  }

  @Test("is written without a flush")
  func writesByItself() async throws {
    let output = LogOutput(write: capture.write)
    Logger(level: .info, output: output).info("hello")
    while capture.batches.isEmpty { await Task.yield() }
    #expect(capture.lines.count == 1)
  }

  @Test("is written in batches, not line by line")
  func batches() {
    let output = LogOutput(write: capture.write)
    let logger = Logger(level: .info, output: output)
    for index in 0..<100 { logger.info("line", ["index": .int(index)]) }
    output.flush()
    #expect(capture.batches.count <= 20)
    #expect(capture.objects.map { $0["index"] as? Int } == Array(0..<100))
  }

  @Test("drops lines when the reader is slow, and says how many")
  func overflow() {
    let gate = capture.hold()
    let output = LogOutput(capacity: 4096, lineLimit: 1024, write: capture.write)
    let logger = Logger(level: .info, output: output)
    for index in 0..<1000 { logger.info("line", ["index": .int(index)]) }
    #expect(!output.flush(within: .zero))
    for _ in 0..<10 { gate.signal() }
    #expect(output.flush(within: .seconds(30)))
    logger.info("after")
    output.flush(within: .seconds(30))
    let lines = capture.objects.filter { $0["message"] as? String == "line" }.count
    let reports = capture.objects.filter { $0["message"] as? String == "log lines were dropped" }
    let dropped = reports.reduce(0) { $0 + ($1["count"] as? Int ?? 0) }
    #expect(lines < 1000)
    #expect(lines + dropped == 1000)
    #expect(reports.allSatisfy { $0["level"] as? String == "warning" })
    #expect(capture.objects.last?["message"] as? String == "after")
    #expect(capture.batches.allSatisfy { $0.count <= 4096 + 1024 })
  }

  @Test("says how many lines a failed write lost")
  func lost() {
    let output = LogOutput(write: capture.write)
    let logger = Logger(level: .info, output: output)
    capture.answer(.lost)
    logger.info("1")
    logger.info("2")
    output.flush()
    capture.answer(.written)
    logger.info("3")
    output.flush()
    #expect(capture.objects.last?["count"] as? Int == 2)
  }

  @Test("is quiet once its reader is gone")
  func closed() {
    let output = LogOutput(write: capture.write)
    let logger = Logger(level: .info, output: output)
    capture.answer(.closed)
    logger.info("1")
    output.flush()
    for _ in 0..<10_000 { logger.info("2") }
    #expect(output.flush())
    #expect(capture.batches.count == 1)
  }

  @Test("has whole lines from many threads at once")
  func threads() {
    let output = LogOutput(capacity: 64 * 1024 * 1024, write: capture.write)
    let logger = Logger(level: .info, output: output)
    DispatchQueue.concurrentPerform(iterations: 8) { thread in
      for index in 0..<500 {
        logger.info("line", ["thread": .int(thread), "index": .int(index), "pad": "\u{1}é\"\\"])
      }
    }
    output.flush(within: .seconds(30))
    let objects = capture.objects
    #expect(objects.count == 4000)
    for thread in 0..<8 {
      let own = objects.filter { $0["thread"] as? Int == thread }
      #expect(own.compactMap { $0["index"] as? Int } == Array(0..<500))
    }
  }

  @Test("survives a pipe whose reader has closed it")
  func brokenPipe() throws {
    let pipe = Pipe()
    let descriptor = pipe.fileHandleForWriting.fileDescriptor
    let output = LogOutput(descriptor: descriptor)
    let logger = Logger(level: .info, output: output)
    logger.info("read")
    output.flush()
    let text = String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self)
    #expect(text.hasSuffix("\"message\":\"read\"}\n"))
    try pipe.fileHandleForReading.close()
    for _ in 0..<3 {
      logger.info("nobody reads this")
      #expect(output.flush())
    }
    #expect(LogDescriptor.write([65], to: descriptor) == .closed)
  }

  @Test("does not wait for ever at the end for a reader that does not read")
  func stuckPipe() throws {
    let pipe = Pipe()
    let output = LogOutput(descriptor: pipe.fileHandleForWriting.fileDescriptor)
    let logger = Logger(level: .info, output: output)
    let text = String(repeating: "x", count: 4000)
    for _ in 0..<100 { logger.info("line", ["text": .string(text)]) }
    #expect(!output.flush(within: .milliseconds(50)))
    try pipe.fileHandleForReading.close()
    #expect(output.flush(within: .seconds(30)))
  }

  @Test(
    "counts every line that was lost: for want of room, by a failing disk, for want of a reader")
  func droppedLines() {
    let output = LogOutput(capacity: 1024, lineLimit: 256, write: capture.write)
    let logger = Logger(level: .info, output: output)
    #expect(logger.droppedLines == 0)
    let gate = capture.hold()
    logger.info("first")
    // What is written out is not in the buffer: the rest waits, and most of it finds no room.
    for _ in 0..<100 { logger.info(String(repeating: "x", count: 100)) }
    let full = logger.droppedLines
    #expect((90...99).contains(full))
    for _ in 0..<10 { gate.signal() }
    output.flush(within: .seconds(60))
    #expect(logger.droppedLines == full)
    capture.answer(.lost)
    logger.info("one")
    for _ in 0..<10 { gate.signal() }
    output.flush(within: .seconds(60))
    // With the line that told of those before.
    #expect(logger.droppedLines > full)
    capture.answer(.closed)
    let lost = logger.droppedLines
    logger.info("two")
    for _ in 0..<10 { gate.signal() }
    output.flush(within: .seconds(60))
    logger.info("three")
    #expect(logger.droppedLines >= lost + 2)
    #expect(Logger.disabled.droppedLines == 0)
  }
}
