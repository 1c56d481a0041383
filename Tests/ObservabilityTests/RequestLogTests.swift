import Observability
import Testing

@Suite("The access log")
struct RequestLogTests {
  private let capture = LogCapture()

  private func line(_ request: RequestLog) -> String {
    let output = LogOutput(write: capture.write)
    Logger(level: .info, output: output).log(request)
    output.flush()
    return capture.lines.last ?? ""
  }

  @Test("has one line for a request, with all that is known")
  func full() {
    let request = RequestLog(
      id: "req_1", route: "/v1/chat/completions", method: "POST", model: "gpt-4o", status: 200,
      bytesIn: 120, bytesOut: 4096, firstByte: .microseconds(12_345), total: .milliseconds(3000),
      client: "203.0.113.7", upstream: "openai", outcome: .ok)
    #expect(
      line(request).hasSuffix(
        #""level":"info","message":"request","request_id":"req_1","method":"POST","#
          + #""route":"/v1/chat/completions","status":200,"outcome":"ok","model":"gpt-4o","#
          + #""upstream":"openai","bytes_in":120,"bytes_out":4096,"first_byte_ms":12.345,"#
          + #""total_ms":3000,"client":"203.0.113.7"}"#))
  }

  @Test("leaves out what is not known")
  func sparse() {
    let request = RequestLog(
      id: "req_2", route: "/health/live", method: "GET", outcome: .clientLeft)
    #expect(
      line(request).hasSuffix(
        #""request_id":"req_2","method":"GET","route":"/health/live","status":0,"#
          + #""outcome":"client_left","bytes_in":0,"bytes_out":0,"total_ms":0}"#))
  }

  @Test("escapes a model name that tries to forge a line")
  func forged() {
    let request = RequestLog(id: "req_3", route: "/", method: "POST")
    request.model = "x\"}\n{\"level\":\"error"
    #expect(line(request).contains(#""model":"x\"}\n{\"level\":\"error""#))
    #expect(capture.lines.count == 1)
  }
}
