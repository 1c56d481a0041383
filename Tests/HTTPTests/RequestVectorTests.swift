import EventLoop
import Foundation
import Testing

@testable import HTTP

/// A recorded request and what must come of it.
struct RequestVector: Decodable, Sendable, CustomTestStringConvertible {
  let name: String
  let bytes: Data
  let expect: String

  var testDescription: String { name }
  var allowed: [String] { expect.split(separator: "|").map(String.init) }

  private struct File: Decodable { let cases: [RequestVector] }

  static let all: [RequestVector] = {
    guard let url = Bundle.module.url(forResource: "Fixtures/requests.json", withExtension: nil),
      let file = try? JSONDecoder().decode(File.self, from: Data(contentsOf: url))
    else { return [] }
    return file.cases
  }()
}

/// Plays a server that answers every well-formed request: parses as its connection does.
struct ParsingServer {
  /// The status of the first refusal; `accept` where every byte belongs to a request that is
  /// accepted; `close` where the bytes end within one.
  static func verdict(_ pieces: [[UInt8]]) -> String {
    var buffer = ByteBuffer()
    var parser = RequestHeadParser(limits: HTTPLimits())
    var decoder: BodyDecoder?
    var body: [UInt8] = []
    var accepted = 0
    do throws(HTTPParseError) {
      for piece in pieces {
        buffer.append(piece.span)
        while true {
          if decoder == nil {
            guard let head = try parser.parse(&buffer) else { break }
            decoder = BodyDecoder(head.framing, limits: HTTPLimits())
          }
          guard case .finished = try decoder?.decode(&buffer, into: &body, max: .max) else { break }
          decoder = nil
          accepted += 1
        }
      }
    } catch {
      return "\(error.status)"
    }
    return decoder == nil && buffer.isEmpty && accepted > 0 ? "accept" : "close"
  }
}

@Suite("Malformed and unusual requests")
struct RequestVectorTests {
  @Test("there are vectors to test with")
  func vectors() { #expect(RequestVector.all.count >= 86) }

  @Test("each gets its verdict, however it is split", arguments: RequestVector.all)
  func verdict(vector: RequestVector) {
    let bytes = Array(vector.bytes)
    let whole = ParsingServer.verdict([bytes])
    let allowed = vector.allowed.map { $0 == "incomplete" ? "close" : $0 }
    // A status of the route, which this driver does not have, stands for an accepted request.
    let routed = !Set(allowed).isDisjoint(with: ["404", "405", "401", "421"])
    #expect(
      allowed.contains(whole) || (whole == "accept" && routed),
      "\(vector.name): \(whole), expected \(vector.expect)")
    #expect(ParsingServer.verdict(bytes.map { [$0] }) == whole)
    let stride = max(1, bytes.count / 2_000)
    for position in Swift.stride(from: 1, to: bytes.count, by: stride) {
      let split = ParsingServer.verdict([Array(bytes[..<position]), Array(bytes[position...])])
      #expect(split == whole, "split at \(position)")
    }
  }

  @Test("a real server answers each as it should and closes", arguments: RequestVector.all)
  func overTheWire(vector: RequestVector) async throws {
    let group = EventLoopGroup(count: 1)
    var configuration = ServerConfiguration()
    configuration.headerTimeout = .seconds(2)
    configuration.bodyTimeout = .seconds(2)
    let server = try await HTTPServer.start(
      group: group, host: "127.0.0.1", port: 0, configuration: configuration
    ) { exchange in
      guard (try? await exchange.body()) != nil else { return }
      exchange.respond(200, ["content-type": "text/plain"], Array("ok".utf8))
    }
    let bytes = Array(vector.bytes)
    let port = server.port
    let answer = try await group.loops[0].run {
      try await RawClient.exchange(bytes, port: port, on: group.loops[0])
    }
    let status = RawClient.statuses(answer).first { $0 != 100 }
    let statuses = vector.allowed.compactMap { Int($0) }
    if vector.allowed.contains("accept") {
      #expect(
        status == 200 || status.map(statuses.contains) == true,
        "\(vector.name): \(String(describing: status))")
    } else if let status {
      let closes = vector.allowed.contains("close") || vector.allowed.contains("incomplete")
      // A route's own status stands for any that a request gets which is framed well.
      let routed = !Set(statuses).isDisjoint(with: [404, 405, 401, 421])
      #expect(
        statuses.contains(status) || (closes && status >= 400) || (routed && status == 200),
        "\(vector.name): \(status), expected \(vector.expect)")
    } else {
      #expect(
        vector.allowed.contains("close") || vector.allowed.contains("incomplete"),
        "\(vector.name): closed, expected \(vector.expect)")
    }
    await server.close()
    await group.shutdown()
  }
}

/// Sends bytes, says that no more will come, and reads until the peer closes.
final class RawClient: TCPStreamHandler {
  private var received: [UInt8] = []
  private let closed = LoopEvent<Void>()

  static func exchange(_ bytes: [UInt8], port: Int, on loop: EventLoop) async throws -> [UInt8] {
    let address = try #require(SocketAddress(ip: "127.0.0.1", port: port))
    let stream = try await loop.connect(to: [address], timeout: .seconds(5))
    let client = RawClient()
    stream.handler = client
    stream.resumeReading()
    stream.setDeadline(.seconds(20))
    stream.write(bytes)
    stream.shutdownWriting()
    await client.closed.wait()
    stream.close()
    return client.received
  }

  static func statuses(_ answer: [UInt8]) -> [Int] {
    String(decoding: answer, as: UTF8.self).components(separatedBy: "HTTP/1.1 ").dropFirst()
      .compactMap { Int($0.prefix(3)) }
  }

  func stream(_ stream: TCPStream, didRead bytes: Span<UInt8>) { received.append(copying: bytes) }
  func streamDidReadEOF(_ stream: TCPStream) { closed.fire(()) }
  func streamDidDrain(_ stream: TCPStream) {}
  func streamDidTimeOut(_ stream: TCPStream) { closed.fire(()) }
  func stream(_ stream: TCPStream, didCloseWith error: StreamError?) { closed.fire(()) }
}
