internal import EventLoop

/// A tunnel through an HTTP proxy by CONNECT (RFC 9110, section 9.3.6).
final class ProxyTunnel: TCPStreamHandler {
  private var input = ByteBuffer()
  private var parser = ResponseHeadParser(limits: .response)
  private let done = LoopEvent<Outcome>()

  private enum Outcome: Sendable {
    case answered(Int)
    case failed(String)
  }

  /// Asks the proxy for a connection to `origin`. Afterwards the stream is the origin's.
  static func establish(
    on stream: TCPStream, to origin: HTTPClient.Origin, through proxy: ProxyConfiguration,
    timeout: Duration
  ) async throws(HTTPClientError) {
    let tunnel = ProxyTunnel()
    stream.handler = tunnel
    stream.setDeadline(timeout)
    stream.resumeReading()
    let host = origin.host.contains(":") ? "[\(origin.host)]" : origin.host
    var request = "CONNECT \(host):\(origin.port) HTTP/1.1\r\nHost: \(host):\(origin.port)\r\n"
    if let authorization = proxy.authorization {
      request += "Proxy-Authorization: \(authorization)\r\n"
    }
    stream.write(Array((request + "\r\n").utf8))
    let outcome: Outcome
    do {
      outcome = try await stream.loop.withCancellation({ stream.close() }) {
        await tunnel.done.wait()
      }
    } catch {
      throw .cancelled
    }
    stream.setDeadline(nil)
    // The connection breaks then too, and not by the proxy's fault.
    if Task.isCancelled { throw .cancelled }
    switch outcome {
    case .answered(200..<300):
      guard tunnel.input.isEmpty else {
        throw failure("the proxy \(proxy.url.host) sent data before the tunnel was used")
      }
      stream.pauseReading()
    case .answered(let status):
      throw failure("the proxy \(proxy.url.host) refused the tunnel with status \(status)")
    case .failed(let reason):
      throw failure("the proxy \(proxy.url.host) did not open the tunnel: \(reason)")
    }
  }

  private static func failure(_ message: String) -> HTTPClientError {
    HTTPClientError(.connect, mayHaveBeenSent: false, message)
  }

  func stream(_ stream: TCPStream, didRead bytes: Span<UInt8>) {
    input.append(bytes)
    do throws(HTTPParseError) {
      if let head = try parser.parse(&input) { done.fire(.answered(head.status)) }
    } catch {
      done.fire(.failed(error.message))
    }
  }
  func streamDidReadEOF(_ stream: TCPStream) { done.fire(.failed("it closed the connection")) }
  func streamDidDrain(_ stream: TCPStream) {}
  func streamDidTimeOut(_ stream: TCPStream) { done.fire(.failed("it did not answer in time")) }
  func stream(_ stream: TCPStream, didCloseWith error: StreamError?) {
    done.fire(.failed("the connection broke"))
  }
}
