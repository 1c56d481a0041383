import EventLoop
import TestSupport
import Testing

@testable import HTTP

@Suite("Recorded requests", .bounded, .timeLimit(.minutes(10)))
struct RequestVectorTests {
  @Test("every recorded request gets its verdict, however its bytes are split")
  func codec() throws {
    let vectors = try RequestVector.load()
    #expect(vectors.count >= 86)
    for vector in vectors {
      let (verdict, differing) = Splits.check(vector.input)
      #expect(vector.allows(verdict), "\(vector.name): \(verdict), expected \(vector.expect)")
      #expect(differing.isEmpty, "\(vector.name): \(verdict), but \(differing)")
    }
  }

  @Test("every recorded request gets its answer from a server, whole and byte by byte")
  func server() async throws {
    let vectors = try RequestVector.load()
    try await withServer(handler: Self.answer) { loop, server in
      for vector in vectors {
        for pieces in [Splits.whole(vector.input), Splits.single(vector.input)] {
          let socket = try await RawSocket.connect(loop, server.port)
          for piece in pieces { socket.write(Array(piece)) }
          socket.shutdown()
          let answer = await socket.readToEnd()
          let status = Self.status(answer)
          #expect(
            Self.allows(status, vector), "\(vector.name): \(status), expected \(vector.expect)")
        }
      }
    }
  }

  private static func status(_ answer: [UInt8]) -> String {
    var answer = answer[...]
    let interim = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)
    if answer.starts(with: interim) { answer = answer.dropFirst(interim.count) }
    return answer.isEmpty ? "close" : String(decoding: answer.dropFirst(9).prefix(3), as: UTF8.self)
  }

  private static func allows(_ status: String, _ vector: RequestVector) -> Bool {
    vector.expectations.contains { expectation in
      switch expectation {
      case "accept": ["200", "404", "405"].contains(status)
      case "close", "incomplete": status == "close"
      default: expectation == status
      }
    }
  }

  @Sendable
  private static func answer(_ exchange: Exchange) async {
    do {
      _ = try await exchange.body(limit: 1 << 20)
    } catch HTTPServerError.malformed(let error) {
      return exchange.respond(error.status, [:], [])
    } catch {
      return
    }
    if case .other = exchange.head.method { return exchange.respond(405, [:], []) }
    let routes = ["/health", "/v1/chat/completions"]
    exchange.respond(routes.contains(exchange.head.path) ? 200 : 404, [:], [])
  }
}
