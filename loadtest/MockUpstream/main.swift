import EventLoop
import Foundation
import HTTP
import OpenAIWire
import Synchronization

/// A provider that costs next to nothing: fixed answers, a fixed picture, paced streams whose chunks
/// tell when they were sent. `mock-upstream [--chunks N] [--interval-ms M]`. It fails from
/// `POST /mock/failing` until `DELETE /mock/failing`.
struct Settings: Sendable {
  var chunks = 100
  var interval = 0

  init(_ arguments: [String]) {
    for (name, value) in zip(arguments, arguments.dropFirst()) {
      if name == "--chunks" { chunks = Int(value) ?? chunks }
      if name == "--interval-ms" { interval = Int(value) ?? interval }
    }
  }
}

let settings = Settings(CommandLine.arguments)
let group = EventLoopGroup(count: 1)
let whole = Array(
  """
  {"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"gpt-4o","choices":[{"index":0,\
  "message":{"role":"assistant","content":"Hello there, how can I help you today?"},\
  "finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":9,"total_tokens":18}}
  """.utf8)

/// A picture of one pixel.
let picture = Array(
  """
  {"created":1,"data":[{"b64_json":"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDw\
  ADhgGAWjR9awAAAABJRU5ErkJggg=="}]}
  """.utf8)
/// What health checks ask for.
let models = Array(
  #"{"object":"list","data":[{"id":"gpt-4o","object":"model"},{"id":"gpt-image-1","object":"model"}]}"#
    .utf8)
let isFailing = Atomic(false)

func chunk(_ content: String, _ finish: String) -> [UInt8] {
  Array(
    ("data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,"
      + "\"model\":\"gpt-4o\",\"system_fingerprint\":\"fp_1\",\"choices\":[{\"index\":0,"
      + "\"delta\":{\"content\":\"\(content)\"},\"logprobs\":null,\"finish_reason\":\(finish)}]}\n\n")
      .utf8)
}

func stream(_ exchange: Exchange) async throws {
  exchange.start(200, ["content-type": "text/event-stream"])
  for _ in 0..<settings.chunks {
    try await exchange.write(chunk("t\(EventLoop.nanoseconds)", "null"))
    if settings.interval > 0 {
      try await exchange.loop.sleep(for: .milliseconds(settings.interval))
    }
  }
  exchange.finish(last: chunk("", "\"stop\"") + Array("data: [DONE]\n\n".utf8))
}

let server = try await HTTPServer.start(group: group, host: "127.0.0.1", port: 0) { exchange in
  guard let body = try? await exchange.body() else { return }
  let path = exchange.head.path
  if path == "/mock/failing" {
    isFailing.store(exchange.head.method == .post, ordering: .relaxed)
    return exchange.respond(204, [:], [])
  }
  if isFailing.load(ordering: .relaxed) { return exchange.respond(503, [:], []) }
  if path.hasSuffix("/models") {
    return exchange.respond(200, ["content-type": "application/json"], models)
  }
  if path.hasSuffix("/images/generations") {
    return exchange.respond(200, ["content-type": "application/json"], picture)
  }
  // By bytes: a mock that costs more for longer requests would hold up whoever sends them.
  if body.contains("\"stream\":true" as StaticString) {
    try? await stream(exchange)
  } else {
    exchange.respond(200, ["content-type": "application/json"], whole)
  }
}
FileHandle.standardOutput.write(Data("listening on http://127.0.0.1:\(server.port)\n".utf8))
while true { try await Task.sleep(for: .seconds(3600)) }
