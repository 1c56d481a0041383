import Chat
import Testing

@Suite("The beginning of a stream")
struct StreamStartTests {
  private static let role = event(#"{"choices":[{"index":0,"delta":{"role":"assistant"}}]}"#)
  private static let empty = event(#"{"choices":[{"delta":{"content":"","tool_calls":[]}}]}"#)
  private static let filters = event(#"{"choices":[],"prompt_filter_results":[]}"#)
  private static let word = event(#"{"choices":[{"delta":{"content":"Hi"}}]}"#)
  private static let created = event(#"{"type":"response.created","response":{}}"#)

  private static func event(_ data: String) -> String { "data: \(data)\n\n" }

  /// What a stream gives out when it comes in pieces of a length.
  private func taken(_ stream: String, by length: Int) throws -> String {
    var start = StreamStart()
    var out: [UInt8] = []
    var rest = Array(stream.utf8)[...]
    while !rest.isEmpty {
      out += try start.take(Array(rest.prefix(length))) ?? []
      rest = rest.dropFirst(length)
    }
    out += try start.end() ?? []
    return String(decoding: out, as: UTF8.self)
  }

  @Test(
    "what says something is passed on with all that came before",
    arguments: [
      role + filters + empty + word, ": ping\n\n" + word,
      event(#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#), event("[DONE]"),
      event(#"{"choices":[{"text":"Hi"}]}"#), event("not JSON"), event(#"{"candidates":[]}"#),
      event(#"{"type":"message_start","message":{}}"#),
      created + event(#"{"type":"response.output_text.delta","delta":"Hi"}"#),
      // A last event without its blank line.
      role + String(word.dropLast(2)),
    ])
  func passedOn(_ stream: String) throws {
    for length in [1, 2, 7, 1000] { #expect(try taken(stream, by: length) == stream) }
  }

  @Test("nothing is given out before something is said")
  func held() throws {
    var start = StreamStart()
    for piece in [": ping\n\n", Self.role, Self.filters, Self.empty, Self.created] {
      #expect(try start.take(Array(piece.utf8)) == nil)
    }
    let all = [": ping\n\n", Self.role, Self.filters, Self.empty, Self.created, Self.word]
    #expect(try start.take(Array(Self.word.utf8)) == Array(all.joined().utf8))
    #expect(try start.take([1, 2]) == [1, 2])
    #expect(try start.end() == nil)
  }

  @Test(
    "an error that comes first is a failure, as OpenAI's errors are",
    arguments: [
      (#"{"error":{"message":"no"}}"#, #"{"error":{"message":"no"}}"#),
      (
        #"{"type":"error","code":"server_error","message":"no"}"#,
        #"{"error":{"type":"error","code":"server_error","message":"no"}}"#
      ),
      (
        #"{"type":"response.failed","response":{"error":{"message":"no"}}}"#,
        #"{"error":{"message":"no"}}"#
      ),
    ])
  func failures(_ data: String, _ expected: String) {
    for before in ["", Self.role, Self.created] {
      do {
        _ = try taken(before + Self.event(data), by: 5)
        Issue.record("no failure")
      } catch StreamStart.Failure.error(let error) {
        #expect(String(decoding: error, as: UTF8.self) == expected)
      } catch {
        Issue.record(error)
      }
    }
  }

  @Test(
    "a stream that ends before it says anything is a failure",
    arguments: ["", ": ping\n\n", role, role + filters + empty, String(role.dropLast(9)), created])
  func ended(_ stream: String) {
    do {
      _ = try taken(stream, by: 5)
      Issue.record("no failure")
    } catch StreamStart.Failure.ended {
    } catch {
      Issue.record(error)
    }
  }

  @Test("what is held is bounded in events, bytes and time")
  func bounds() throws {
    var start = StreamStart()
    let pings = Array(String(repeating: ": ping\n\n", count: 63).utf8)
    #expect(try start.take(pings) == nil)
    #expect(try start.take(Array(": ping\n\n".utf8)) == pings + Array(": ping\n\n".utf8))
    start = StreamStart()
    let long = [UInt8](repeating: UInt8(ascii: ":"), count: 256 << 10)
    #expect(try start.take(long) == nil)
    #expect(try start.take([0x3A]) == long + [0x3A])
    start = StreamStart()
    let role = Array(Self.role.utf8)
    #expect(try start.take(role, elapsed: .seconds(5)) == nil)
    #expect(try start.take(role, elapsed: .seconds(6)) == role + role)
  }
}
