import EventLoop
import Foundation
import HTTP

/// `load-generator requests|streams URL CONNECTIONS COUNT [RATE]`: sends COUNT requests over CONNECTIONS
/// connections, each the next one when its answer is complete, or RATE requests a second where that is
/// less, and prints one line of JSON.
struct Figures {
  var completed = 0
  var lost = 0
  var chunks = 0
  var latencies: [Double] = []
  var seconds = 0.0

  private static let marker = Array("\"content\":\"t".utf8)

  /// Chunks hold the time at which they were sent, by the machine's monotonic clock.
  /// - Returns: what is to be read again before the next piece: the begin of a chunk.
  mutating func read(_ piece: [UInt8]) -> [UInt8] {
    let now = EventLoop.nanoseconds
    let marker = Self.marker
    var index = 0
    while index + marker.count <= piece.count {
      guard piece[index] == marker[0], piece[index..<index + marker.count].elementsEqual(marker)
      else {
        index += 1
        continue
      }
      let start = index
      index += marker.count
      var sent: UInt64 = 0
      while index < piece.count, (0x30...0x39).contains(piece[index]) {
        sent = sent &* 10 &+ UInt64(piece[index] - 0x30)
        index += 1
      }
      guard index < piece.count else { return Array(piece[start...]) }
      chunks += 1
      if now > sent { latencies.append(Double(now - sent) / 1000) }
    }
    return Array(piece[index...])
  }

  func percentile(_ share: Double) -> Double {
    let sorted = latencies.sorted()
    return sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
  }
}

/// Runs one load. Loop-bound.
final class Load {
  private let client: HTTPClient
  private let request: ClientRequest
  private let streams: Bool
  private let count: Int
  private let rate: Double?
  private var sent = 0
  private var running = 0
  private var figures = Figures()
  private let done = LoopEvent<Void>()

  init(_ loop: EventLoop, url: HTTPURL, streams: Bool, count: Int, rate: Double?) throws {
    client = HTTPClient(loop: loop, tls: try TLSContext(client: nil))
    self.streams = streams
    self.count = count
    self.rate = rate
    let flag = streams ? "\"stream\":true," : ""
    request = ClientRequest(
      .post, url.appending(path: "v1/chat/completions"),
      headers: ["content-type": "application/json"],
      body: Array(
        ("{\"model\":\"gpt-4o\",\(flag)\"messages\":[{\"role\":\"system\",\"content\":\"You are a "
          + "helpful assistant.\"},{\"role\":\"user\",\"content\":\"Hello, how are you?\"}]}").utf8)
    )
  }

  func run(connections: Int) async -> Figures {
    let start = EventLoop.nanoseconds
    for _ in 0..<connections {
      running += 1
      client.loop.spawn { [self] in await work(from: start) }
    }
    await done.wait()
    figures.seconds = Double(EventLoop.nanoseconds - start) / 1e9
    return figures
  }

  private func work(from start: UInt64) async {
    while sent < count {
      let due = rate.map { start + UInt64(Double(sent) / $0 * 1e9) } ?? 0
      sent += 1
      do {
        let now = EventLoop.nanoseconds
        if due > now { try await client.loop.sleep(for: .nanoseconds(due - now)) }
        var isWhole = false
        try await client.withResponse(request) { response in
          var (tail, unread): ([UInt8], [UInt8]) = ([], [])
          // What belongs together may come in several pieces.
          while let piece = try await response.next() {
            if self.streams { unread = self.figures.read(unread + piece) }
            tail = Array((piece.count < 32 ? tail + piece : piece).suffix(32))
          }
          let text = String(decoding: tail, as: UTF8.self)
          isWhole = response.head.status == 200 && (!self.streams || text.contains("[DONE]"))
        }
        if isWhole { figures.completed += 1 } else { figures.lost += 1 }
      } catch {
        figures.lost += 1
      }
    }
    running -= 1
    if running == 0 { done.fire(()) }
  }
}

let arguments = CommandLine.arguments
let rate = arguments.count == 6 ? Double(arguments[5]).flatMap { $0 > 0 ? $0 : nil } : nil
guard arguments.count == 5 || rate != nil, let connections = Int(arguments[3]),
  let count = Int(arguments[4]), let url = try? HTTPURL(arguments[2])
else {
  FileHandle.standardError.write(
    Data("usage: load-generator requests|streams URL CONNECTIONS COUNT [RATE]\n".utf8))
  exit(64)
}
let group = EventLoopGroup(count: 1)
let loop = group.loops[0]
let isStreams = arguments[1] == "streams"
let line = try await loop.run {
  let load = try Load(loop, url: url, streams: isStreams, count: count, rate: rate)
  let figures = await load.run(connections: connections)
  return
    "{\"completed\":\(figures.completed),\"lost\":\(figures.lost),\"chunks\":\(figures.chunks),"
    + "\"per_s\":\(Double(figures.completed) / figures.seconds),"
    + "\"p50_us\":\(figures.percentile(0.5)),\"p99_us\":\(figures.percentile(0.99))}\n"
}
FileHandle.standardOutput.write(Data(line.utf8))
exit(0)
