import EventLoop
import Foundation
import HTTP
import OpenAIWire
import Simulator
import TestSupport
import Testing

@Suite("Circuit breakers of the built program", .bounded, .timeLimit(.minutes(10)))
struct BreakerProcessTests {
  /// The three gateways' common store, and what has to be killed after.
  enum Store: String, CaseIterable, Sendable {
    case sqlite, redis
  }

  /// A gateway with breakers and one image model, which the simulator draws.
  /// - Parameter pictures: the folder where it keeps them, if not its usual one.
  static func gateway(
    _ simulator: SimulatorServer, state: String, environment: [String: String] = [:],
    provider: String = "simulated", models: String = "{id: dall-e-3}", pictures: URL? = nil,
    configuration: String = ""
  ) throws -> EaselProcess {
    let file = FileManager.default.temporaryDirectory
      .appendingPathComponent("easel-\(UUID().uuidString).yaml")
    let yaml = """
      listen: 127.0.0.1:0
      upstreams:
        - {name: simulated, base_url: "\(simulator.baseURL)"}
      images:
        providers:
          - name: \(provider)
            base_url: \(simulator.baseURL)
            models: [\(models)]
        \(pictures.map { "store: {path: \"\($0.path)\"}" } ?? "")
      \(configuration)
      """
    try Data(yaml.utf8).write(to: file)
    let variables = ["EASEL_STATE": state, "EASEL_ADMIN_KEY": "operators"]
    return try EaselProcess(
      arguments: ["serve", "--config", file.path],
      environment: variables.merging(environment) { $1 })
  }

  /// Asks for a picture.
  /// - Returns: the status, and the body.
  static func draw(_ url: String, _ client: HTTPClient) async throws -> (Int, JSONSlice) {
    let answer = try await client.send(
      ClientRequest(
        .post, try HTTPURL(url).appending(path: "v1/images/generations"),
        body: Array("{\"prompt\":\"a fox\",\"size\":\"1024x1024\"}".utf8)), bodyLimit: 64 << 20)
    return (answer.head.status, try JSONSlice.parse(answer.body))
  }

  static func get(
    _ url: String, _ path: String, _ client: HTTPClient
  ) async throws -> (Int, JSONSlice) {
    let answer = try await client.send(
      ClientRequest(.get, try HTTPURL(url).appending(path: path)), bodyLimit: 1 << 20)
    return (answer.head.status, try JSONSlice.parse(answer.body))
  }

  /// What the health page says of the image model's breaker.
  static func breaker(_ url: String, _ client: HTTPClient) async throws -> JSONSlice {
    let answer = try await client.send(
      ClientRequest(.get, try HTTPURL(url).appending(path: "health/providers")), bodyLimit: 1 << 20)
    #expect(answer.head.status == 200 && answer.head.headers["cache-control"] == "no-store")
    let page = try JSONSlice.parse(answer.body)
    let provider = try #require(page["providers"]?.elements.first { $0["kind"]?.string == "image" })
    return try #require(provider["models"]?.elements.first { _ in true }?["breaker"])
  }

  /// Sends an operator's command.
  private static func command(
    _ url: String, _ body: String, key: String = "operators",
    breaker: String = "image/simulated/dall-e-3", _ client: HTTPClient
  ) async throws -> (Int, JSONSlice) {
    let answer = try await client.send(
      ClientRequest(
        .post, try HTTPURL(url).appending(path: "admin/breakers/\(breaker)"),
        headers: ["authorization": "Bearer \(key)"], body: Array(body.utf8)),
      bodyLimit: 1 << 20)
    return (answer.head.status, try JSONSlice.parse(answer.body))
  }

  /// Has the next `count` requests for pictures fail.
  static func fail(_ simulator: SimulatorServer, _ count: Int) {
    for _ in 0..<count {
      var fault = SimulatorFault()
      fault.status = 503
      simulator.queue(fault, route: "images")
    }
  }

  /// Runs `body` with a client on a loop of its own and a simulator, and ends both.
  private func with(
    _ body: @escaping @Sendable (SimulatorServer, LoopBound<HTTPClient>) async throws -> Void
  ) async throws {
    let group = EventLoopGroup(count: 2)
    let loop = group.loops[0]
    let simulator = try await SimulatorServer.start(group: group)
    try await loop.run {
      let client = HTTPClient(loop: loop, tls: try TLSContext(client: nil))
      try await body(simulator, LoopBound(client, on: loop))
    }
    await simulator.stop()
    await group.shutdown()
  }

  @Test(
    "one that is killed while a breaker is open finds it open, until the same time",
    arguments: Store.allCases)
  func restart(_ store: Store) async throws {
    let folder = try TemporaryFolder.make("breaker")
    defer { try? FileManager.default.removeItem(at: folder) }
    let redis = store == .redis ? try await RedisProcess.start() : nil
    let state = redis?.url ?? "sqlite:\(folder.path)/easel.db"
    try await with { simulator, bound in
      let client = bound.value
      let first = try Self.gateway(simulator, state: state)
      defer { first.kill() }
      let url = try await first.url()
      Self.fail(simulator, 5)
      for _ in 0..<5 { #expect(try await Self.draw(url, client).0 == 503) }
      let before = try await Self.breaker(url, client)
      #expect(before["state"]?.string == "open")
      let deadline = try #require(before["next_trial_at"]?.int)
      try await eventually("the store knows") {
        try await Self.breaker(url, client)["source"]?.string == "shared"
      }
      // The state is told on the side: the store has it once another gateway would have it.
      let other = try Self.gateway(simulator, state: state)
      try await eventually("another one knows") {
        try await Self.breaker(try await other.url(), client)["state"]?.string == "open"
      }
      other.kill()
      first.kill()
      let second = try Self.gateway(simulator, state: state)
      defer { second.kill() }
      let after = try await Self.breaker(try await second.url(), client)
      #expect(after["state"]?.string == "open")
      #expect(after["next_trial_at"]?.int == deadline)
      #expect(after["trips"]?.int == 1)
    }
    redis?.kill()
  }

  @Test("failures at three gateways add up, all three hear of it, and one makes the trial")
  func shared() async throws {
    let redis = try await RedisProcess.start()
    try await with { simulator, bound in
      let client = bound.value
      let environment = ["CIRCUIT_BREAKER_TIMEOUT_MS": "1500"]
      let configuration = "circuit_breaker: {last_resort: false}"
      let gateways = try (0..<3).map { _ in
        try Self.gateway(
          simulator, state: redis.url + "?timeout=5s", environment: environment,
          configuration: configuration)
      }
      defer { for gateway in gateways { gateway.kill() } }
      var urls: [String] = []
      for gateway in gateways { urls.append(try await gateway.url()) }
      Self.fail(simulator, 5)
      for index in [0, 1, 2, 0, 1] { #expect(try await Self.draw(urls[index], client).0 == 503) }
      for url in urls {
        try await eventually("it is open at \(url)") {
          try await Self.breaker(url, client)["state"]?.string != "closed"
        }
      }
      #expect(simulator.requests.filter { $0.route == "images" }.count == 5)
      var held = SimulatorFault()
      held.isHeld = true
      simulator.queue(held, route: "images")
      let addresses = urls
      try await withThrowingTaskGroup(of: Void.self) { group in
        // All ask at once, again and again, until one of them is making the trial.
        try await eventually("a trial is made") {
          for url in addresses {
            group.addTask { _ = try await Self.draw(url, bound.value) }
          }
          return simulator.requests.count { $0.route == "images" } > 5
        }
        for url in addresses {
          try await eventually("the trial is known at \(url)") {
            try await Self.breaker(url, client)["state"]?.string == "half_open"
          }
        }
        for url in addresses + addresses { #expect(try await Self.draw(url, client).0 == 503) }
        #expect(simulator.requests.count { $0.route == "images" } == 6, "one at all three")
        simulator.release()
        try await group.waitForAll()
      }
      for url in urls {
        try await eventually("it is closed at \(url)") {
          try await Self.breaker(url, client)["state"]?.string == "closed"
        }
      }
    }
    redis.kill()
  }

  @Test(
    "where everyone is kept from it, the nearest to its trial is asked, or the error says who and why"
  )
  func lastResort() async throws {
    try await with { simulator, bound in
      let client = bound.value
      for isOn in [true, false] {
        let gateway = try Self.gateway(
          simulator, state: "memory:", configuration: "circuit_breaker: {last_resort: \(isOn)}")
        defer { gateway.kill() }
        let url = try await gateway.url()
        Self.fail(simulator, 5)
        for _ in 0..<5 { #expect(try await Self.draw(url, client).0 == 503) }
        let answer = try await client.send(
          ClientRequest(
            .post, try HTTPURL(url).appending(path: "v1/images/plan"),
            body: Array(#"{"prompt":"a fox"}"#.utf8)), bodyLimit: 1 << 20)
        let plan = try JSONSlice.parse(answer.body)
        #expect(plan["available"]?.bool == isOn)
        #expect(plan["model"]?.string == (isOn ? "dall-e-3" : nil))
        #expect(plan["lastResort"]?.bool == (isOn ? true : nil))
        #expect(plan["unavailable"]?[0]?["reason"]?.string == "unavailable")
        let (status, body) = try await Self.draw(url, client)
        #expect(status == (isOn ? 200 : 503))
        if !isOn {
          let message = try #require(body["error"]?["message"]?.string)
          #expect(message.contains("simulated/dall-e-3: circuit breaker open, next trial in "))
        }
        #expect(try await Self.breaker(url, client)["state"]?.string == "open")
        #expect(try await Self.get(url, "health", client).1["status"]?.string == "degraded")
        #expect(try await Self.get(url, "health/ready", client).0 == 200)
      }
    }
  }

  @Test("a rejected key, an empty account, a 429 and a 503 pause a model as long as they should")
  func pauses() async throws {
    try await with { simulator, bound in
      let client = bound.value
      for (fault, state) in [
        (401, "bad_key"), (402, "no_credit"), (429, "cooling_down"), (503, "cooling_down"),
        (400, "closed"),
      ] {
        let gateway = try Self.gateway(simulator, state: "memory:")
        defer { gateway.kill() }
        let url = try await gateway.url()
        var answer = SimulatorFault()
        answer.status = fault
        answer.retryAfter = "60"
        simulator.queue(answer, route: "images")
        _ = try await Self.draw(url, client)
        #expect(try await Self.breaker(url, client)["state"]?.string == state, "\(fault)")
        let count = simulator.requests.count
        #expect(try await Self.draw(url, client).0 == (fault == 400 ? 200 : 503), "\(fault)")
        #expect(simulator.requests.count == count + (fault == 400 ? 1 : 0))
      }
    }
  }

  @Test("a 429 that tells no time keeps no picture from being made, where nobody else makes it")
  func rests() async throws {
    try await with { simulator, bound in
      let client = bound.value
      let gateway = try Self.gateway(
        simulator, state: "memory:", configuration: "circuit_breaker: {last_resort: false}")
      defer { gateway.kill() }
      let url = try await gateway.url()
      var fault = SimulatorFault()
      fault.status = 429
      simulator.queue(fault, route: "images")
      _ = try await Self.draw(url, client)
      #expect(try await Self.breaker(url, client)["state"]?.string == "cooling_down")
      #expect(try await Self.draw(url, client).0 == 200)
    }
  }

  @Test("operators with the key open, close and reset breakers, and it is written down")
  func operators() async throws {
    try await with { simulator, bound in
      let client = bound.value
      let gateway = try Self.gateway(simulator, state: "memory:")
      defer { gateway.kill() }
      let url = try await gateway.url()
      func command(
        _ body: String, key: String = "operators",
        breaker: String = "image/simulated/dall-e-3"
      ) async throws -> (Int, JSONSlice) {
        try await Self.command(url, body, key: key, breaker: breaker, client)
      }
      #expect(try await command("{\"command\":\"force_open\"}", key: "guess").0 == 401)
      #expect(try await command("{\"command\":\"explode\"}").0 == 400)
      #expect(try await command("{").0 == 400)
      #expect(try await command("{\"command\":\"open\"}", breaker: "image/a/b").0 == 404)
      for (word, state, status) in [
        ("force_open", "forced_open", 503), ("auto", "closed", 200), ("open", "open", 200),
        ("force_closed", "forced_closed", 200), ("auto", "open", 200), ("reset", "closed", 200),
        ("open", "open", 200), ("close", "closed", 200),
      ] {
        let (code, answer) = try await command("{\"command\":\"\(word)\"}")
        #expect(code == 200 && answer["state"]?.string == state, "\(word)")
        #expect(answer["stored"]?.bool == false, "a restart would end it")
        #expect(try await Self.breaker(url, client)["state"]?.string == state)
        #expect(try await Self.draw(url, client).0 == status, "\(word)")
      }
      let (status, log) = try await gateway.terminate()
      #expect(status == 0)
      let audit = log.split(separator: "\n").filter { $0.contains("\"message\":\"audit\"") }
      #expect(audit.count == 8)
      #expect(audit.allSatisfy { $0.contains("127.0.0.1") })
      #expect(!log.contains("operators\""))
    }
  }

  @Test("what an operator was told to be stored outlives a kill", arguments: Store.allCases)
  func storedCommands(_ store: Store) async throws {
    let folder = try TemporaryFolder.make("operator")
    defer { try? FileManager.default.removeItem(at: folder) }
    let redis = store == .redis ? try await RedisProcess.start() : nil
    let state = redis?.url ?? "sqlite:\(folder.path)/easel.db"
    try await with { simulator, bound in
      let client = bound.value
      var expected = "closed"
      for (word, shown) in [
        ("force_open", "forced_open"), ("auto", "closed"), ("force_closed", "forced_closed"),
        ("reset", "closed"), ("open", "open"), ("force_open", "forced_open"), ("reset", "closed"),
      ] {
        let gateway = try Self.gateway(simulator, state: state)
        defer { gateway.kill() }
        let url = try await gateway.url()
        #expect(try await Self.breaker(url, client)["state"]?.string == expected)
        let (status, answer) = try await Self.command(url, "{\"command\":\"\(word)\"}", client)
        // By then it is written down, too.
        let audit = gateway.log.split(separator: "\n").filter { $0.contains("audit") }
        #expect(audit.count == 1 && audit.allSatisfy { $0.contains(word) })
        gateway.kill()
        #expect(status == 200 && answer["stored"]?.bool == true, "\(word)")
        expected = shown
      }
      guard let redis else { return }
      let gateway = try Self.gateway(simulator, state: state)
      defer { gateway.kill() }
      let url = try await gateway.url()
      redis.kill()
      let (status, answer) = try await Self.command(url, "{\"command\":\"force_open\"}", client)
      #expect(status == 200 && answer["state"]?.string == "forced_open")
      #expect(answer["stored"]?.bool == false)
    }
    redis?.kill()
  }

  @Test("a store that is wrong keeps the gateway from starting, one that is away does not")
  func stores() async throws {
    let folder = try TemporaryFolder.make("breaker")
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("easel.db")
    try Data("this is no database, but a text of some length".utf8).write(to: file)
    try await with { simulator, bound in
      let client = bound.value
      let wrong = try Self.gateway(simulator, state: "sqlite:\(file.path)")
      let (status, log) = try await wrong.waitForExit()
      #expect(status == 69)
      #expect(log.contains("no database of Easel"), "\(log)")
      let typo = try Self.gateway(simulator, state: "redis:/canary")
      #expect(try await typo.waitForExit().status == 78)
      let port = try RefusingPort()
      defer { withExtendedLifetime(port) {} }
      let away = try Self.gateway(simulator, state: "redis://127.0.0.1:\(port.number)")
      defer { away.kill() }
      let url = try await away.url()
      #expect(try await Self.draw(url, client).0 == 200)
      let state = try await Self.get(url, "health", client).1["state"]
      #expect(state?["available"]?.bool == false)
      #expect(away.log.components(separatedBy: "goes on by itself").count == 2, "told once")
    }
  }

  @Test(
    "active checks open the breakers of a provider that is away, and close them when it is back")
  func checks() async throws {
    try await with { simulator, bound in
      let client = bound.value
      let gateway = try Self.gateway(
        simulator, state: "memory:",
        configuration: "health: {checks: true, interval: 1s, timeout: 1s, rise: 1, fall: 2}")
      defer { gateway.kill() }
      let url = try await gateway.url()
      var fault = SimulatorFault()
      fault.status = 503
      for _ in 0..<8 { simulator.queue(fault, route: "other") }
      try await eventually("it is open") {
        try await Self.breaker(url, client)["state"]?.string == "open"
      }
      try await eventually("it is closed again") {
        try await Self.breaker(url, client)["state"]?.string == "closed"
      }
      #expect(!simulator.requests.contains { $0.route == "images" }, "nothing is drawn by checks")
    }
  }

  @Test("only those that are named are checked")
  func namedChecks() async throws {
    try await with { simulator, bound in
      let client = bound.value
      let gateway = try Self.gateway(
        simulator, state: "memory:", provider: "drawn",
        configuration: "health: {checks: true, providers: [drawn], interval: 1s}")
      defer { gateway.kill() }
      let url = try await gateway.url()
      try await eventually("it is checked three times, in which any other would be") {
        let page = try await Self.get(url, "health/providers", client).1
        let checks = page["providers"]?.elements.map { ($0["provider"]?.string, $0["check"]) }
        let other = checks?.first { $0.0 == "simulated" }?.1
        #expect(other?.isNull == true)
        return checks?.first { $0.0 == "drawn" }?.1?["streak"]?.int ?? 0 >= 3
      }
    }
  }

  @Test(
    "a check that is told to have patience, or that the key is not for it, is no failure",
    arguments: [
      (429, "{}"),
      (
        403,
        #"{"error":{"message":"You have insufficient permissions for this operation. Missing "#
          + #"scopes: api.model.read.","type":"invalid_request_error","code":"missing_scope"}}"#
      ),
    ])
  func patientChecks(status: Int, body: String) async throws {
    try await with { simulator, bound in
      let client = bound.value
      let gateway = try Self.gateway(
        simulator, state: "memory:",
        configuration: "health: {checks: true, interval: 1s, timeout: 5s, rise: 1, fall: 1}")
      defer { gateway.kill() }
      let url = try await gateway.url()
      var fault = SimulatorFault()
      fault.status = status
      fault.body = body
      for _ in 0..<6 { simulator.queue(fault, route: "other") }
      try await eventually("all were answered, and another one") {
        simulator.requests.filter { $0.route == "other" }.count > 7
      }
      let breaker = try await Self.breaker(url, client)
      #expect(breaker["state"]?.string == "closed")
      #expect(breaker["source"]?.string == "local", "nobody shares its memory")
      #expect(breaker["since"]?.isNull == true, "it never was anything else")
      let providers = try await Self.get(url, "health/providers", client).1["providers"]
      #expect(providers?.elements.allSatisfy { $0["check"]?["status"]?.string == "up" } == true)
    }
  }
}
