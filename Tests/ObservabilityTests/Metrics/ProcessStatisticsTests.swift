import Foundation
import Testing

@testable import Observability

@Suite("What the system says of the process")
struct ProcessStatisticsTests {
  @Test("is plausible, and all of it is there on Linux")
  func plausible() throws {
    let statistics = ProcessStatistics()
    #expect(try #require(statistics.cpuSeconds) > 0)
    #expect(try #require(statistics.maximumFiles) > 16)
    #if os(Linux)
    let resident = try #require(statistics.residentBytes)
    #expect(resident > 1 << 20)
    #expect(resident < (try #require(statistics.virtualBytes)))
    #expect(try #require(statistics.openFiles) > 3)
    let start = try #require(statistics.startTime)
    let now = Date().timeIntervalSince1970
    // The system counts from its own start, in whole seconds.
    #expect(start < now + 2)
    #expect(start > now - 86_400)
    #endif
  }

  @Test("processor time grows with what is computed")
  func time() throws {
    let before = try #require(ProcessStatistics().cpuSeconds)
    var after = before
    var number = 1.0
    while after <= before {
      for _ in 0..<100_000 { number = (number * 1.000001).truncatingRemainder(dividingBy: 7) }
      after = try #require(ProcessStatistics().cpuSeconds)
    }
    #expect(number > 0)
  }
}
