import EventLoop
import Foundation
import HTTP
import Simulator
import TestSupport
import Testing

@Suite("Metrics of the built program", .bounded, .timeLimit(.minutes(10)))
struct MetricsProcessTests {
  @Test("a scrape counts what has happened, in both formats, by Prometheus's own parsers")
  func scrape() async throws {
    let group = EventLoopGroup(count: 1)
    let loop = group.loops[0]
    let simulator = try await SimulatorServer.start(group: group)
    let program = try EaselProcess.serve(
      upstream: simulator, configuration: "state: {url: \"memory:\"}", breakers: true)
    defer { program.kill() }
    let url = try HTTPURL(try await program.url())
    let folder = try TemporaryFolder.make("metrics")
    defer { try? FileManager.default.removeItem(at: folder) }
    let pages = try await loop.run {
      let client = HTTPClient(loop: loop, tls: try TLSContext(client: nil))
      func post(_ path: String, _ body: String) async throws -> Int {
        let request = ClientRequest(.post, url.appending(path: path), body: Array(body.utf8))
        return try await client.send(request, bodyLimit: 64 << 20).head.status
      }
      let chat = "{\"model\":\"gpt-4o\",\"messages\":[{\"role\":\"user\",\"content\":\"TEXT\"}]}"
      for _ in 0..<3 {
        let status = try await post("v1/chat/completions", chat.replacing("TEXT", with: "hello"))
        #expect(status == 200)
      }
      #expect(
        try await post("v1/chat/completions", chat.replacing("TEXT", with: "draw a fox")) == 200)
      var fault = SimulatorFault()
      fault.status = 503
      simulator.queue(fault, route: "images")
      #expect(try await post("v1/images/generations", "{\"prompt\":\"a canary\"}") == 200)
      simulator.queue(fault, route: "chat")
      #expect(try await post("v1/chat/completions", chat.replacing("TEXT", with: "hello")) == 200)
      #expect(try await post("v1/chat/completions", "{") == 400)
      var pages: [String] = []
      for accept in ["*/*", "application/openmetrics-text;version=1.0.0"] {
        let request = ClientRequest(
          .get, url.appending(path: "metrics"), headers: ["accept": accept], body: [])
        let answer = try await client.send(request, bodyLimit: 1 << 20)
        #expect(answer.head.status == 200)
        pages.append(String(decoding: answer.body, as: UTF8.self))
      }
      return pages
    }
    let names = ["scrape.txt", "scrape.openmetrics"].map { folder.appendingPathComponent($0).path }
    for (page, name) in zip(pages, names) {
      try page.write(toFile: name, atomically: true, encoding: .utf8)
    }
    let (status, output) = try await ClientScript.run("metrics.py", names)
    #expect(status == 0, "\(output)\n\(pages[0])")
    let lines = Set(pages[0].split(separator: "\n").map(String.init))
    for line in [
      "easel_requests_total{route=\"/v1/chat/completions\",status=\"200\",outcome=\"ok\"} 5",
      "easel_requests_total{route=\"/v1/chat/completions\",status=\"400\",outcome=\"refused\"} 1",
      "easel_request_duration_seconds_count{route=\"/v1/chat/completions\"} 6",
      "easel_time_to_first_byte_seconds_count{route=\"/v1/images/generations\"} 1",
      // Three plain chats, two rounds of the one with a picture, and the one that was repeated.
      "easel_upstream_requests_total{upstream=\"simulated\",result=\"ok\"} 6",
      "easel_upstream_requests_total{upstream=\"simulated\",result=\"status_503\"} 1",
      "easel_upstream_retries_total{upstream=\"simulated\",reason=\"status_503\"} 1",
      "easel_tool_calls_total{tool=\"generate_image\",result=\"made\"} 1",
      "easel_images_total{provider=\"simulated\",model=\"gpt-image-1\"} 1",
      "easel_images_total{provider=\"simulated\",model=\"dall-e-3\"} 1",
      "easel_image_cost_dollars_total{provider=\"simulated\",model=\"gpt-image-1\"} 0.04",
      "easel_image_attempts_total{provider=\"simulated\",model=\"gpt-image-1\",result=\"overloaded\"} 1",
      "easel_image_fallbacks_total{from_provider=\"simulated\",reason=\"overloaded\"} 1",
      "easel_breaker_open{kind=\"image\",provider=\"simulated\",model=\"gpt-image-1\"} 0",
      "easel_requests_in_flight 1", "easel_state_available 1",
    ] {
      #expect(lines.contains(line), "\(line) is missing in\n\(pages[0])")
    }
    #expect(!pages[0].contains("canary"), "no prompt reaches a metric")
    let readme = try String(contentsOf: ReadmeTests.file, encoding: .utf8)
    let listed = MetricsTable.rows(in: readme)
    let rows = MetricsTable.rows(
      in: MetricsTable(page: pages[0]).rows(known: listed).joined(separator: "\n"))
    #expect(listed == rows, "the README should hold:\n\(rows.joined(separator: "\n"))")
    #expect(try await program.terminate().status == 0)
    await simulator.stop()
    await group.shutdown()
  }

  /// What is there before anything has happened, among much else.
  private static let freshLines = [
    "easel_requests_total{route=\"/v1/chat/completions\",status=\"502\",outcome=\"upstream_error\"} 0",
    "easel_upstream_requests_total{upstream=\"simulated\",result=\"timed_out\"} 0",
    "easel_upstream_fallbacks_total{from_upstream=\"simulated\",reason=\"busy\"} 0",
    "easel_tool_calls_total{tool=\"edit_image\",result=\"refused\"} 0",
    "easel_images_total{provider=\"simulated\",model=\"dall-e-3\"} 0",
    "easel_image_cost_dollars_total{provider=\"simulated\",model=\"gpt-image-1\"} 0",
    "easel_image_duration_seconds_count{provider=\"simulated\",model=\"dall-e-3\"} 0",
    "easel_image_possible_double_charges_total{from_provider=\"simulated\",reason=\"timed_out\"} 0",
    "easel_breaker_transitions_total{kind=\"image\",provider=\"simulated\",model=\"dall-e-3\",state=\"open\"} 0",
    "easel_breaker_state{kind=\"image\",provider=\"simulated\",model=\"dall-e-3\",state=\"closed\"} 1",
    "easel_breaker_state{kind=\"image\",provider=\"simulated\",model=\"dall-e-3\",state=\"open\"} 0",
    "easel_state_errors_total{kind=\"timed_out\"} 0",
  ]

  /// The families without a sample.
  private static func silent(in lines: Set<String>) -> Set<String> {
    let endings: [Character] = ["{", " ", "_"]
    var silent: Set<String> = []
    for line in lines where line.hasPrefix("# TYPE easel_") {
      let name = String(line.split(separator: " ")[2])
      let hasSample = lines.contains { sample in
        endings.contains { sample.hasPrefix(name + String($0)) }
      }
      if !hasSample { silent.insert(name) }
    }
    return silent
  }

  @Test("counters have their series before anything has happened, so that the first event is seen")
  func fresh() async throws {
    // What only tells of loops that have been looked at, and of limits and checks that are not there.
    let silent: Set = [
      "easel_loop_lag_seconds", "easel_upstream_in_flight", "easel_upstream_waiting",
      "easel_upstream_queue_refusals_total", "easel_check_up",
    ]
    try await MetricsScenario.run(breakers: true) { scenario in
      let lines = try await scenario.scrape()
      #expect(Self.silent(in: lines).subtracting(silent) == [])
      #expect(Set(Self.freshLines).subtracting(lines) == [])
      #expect(lines.count < 2000)
    }
  }

  @Test("metrics that are turned off are not there")
  func off() async throws {
    let group = EventLoopGroup(count: 1)
    let loop = group.loops[0]
    let simulator = try await SimulatorServer.start(group: group)
    let program = try EaselProcess.serve(
      upstream: simulator, configuration: "metrics: {enabled: false}")
    defer { program.kill() }
    let url = try HTTPURL(try await program.url())
    let status = try await loop.run {
      let client = HTTPClient(loop: loop, tls: try TLSContext(client: nil))
      let request = ClientRequest(.get, url.appending(path: "metrics"))
      return try await client.send(request, bodyLimit: 1 << 20).head.status
    }
    #expect(status == 404)
    await simulator.stop()
    await group.shutdown()
  }
}
