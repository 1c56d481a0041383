import State
import TestSupport
import Testing

@testable import Resilience

@Suite("Breakers of models that clients name", .bounded, .timeLimit(.minutes(5)))
struct NamedBreakerTests {
  private static let common = BreakerKey(.chat, provider: "p", model: "*")

  private static func key(_ model: String) -> BreakerKey {
    BreakerKey(.chat, provider: "p", model: model)
  }

  private static func board(_ store: any StateStore = MemoryStore()) async -> BreakerBoard {
    var configuration = BreakerBoard.Configuration(owner: "a")
    configuration.claimLimit = .seconds(10)
    configuration.isNamedByClient = { $0.kind == .chat && $0.model != "*" }
    let board = BreakerBoard(configuration, store: store)
    await board.start([common], within: .seconds(10))
    return board
  }

  /// Makes calls of a model that all end so.
  @discardableResult
  private static func call(
    _ board: BreakerBoard, _ model: String, _ outcome: CallOutcome, times: Int = 1
  ) async -> SharedBreaker {
    await board.prepare(key(model))
    let breaker = board.breaker(ofNamed: key(model))
    for _ in 0..<times {
      guard case .allowed(let permit) = breaker.admission() else { break }
      breaker.record(outcome, of: permit)
    }
    return breaker
  }

  private static func isAdmitted(_ board: BreakerBoard, _ model: String) async -> Bool {
    await board.prepare(key(model))
    if case .allowed = board.breaker(ofNamed: key(model)).admission() { return true }
    return false
  }

  @Test(
    "what one model comes to keeps nobody from another",
    arguments: [CallOutcome.failure, .rateLimited(retryAfterMs: 60_000)])
  func others(_ outcome: CallOutcome) async {
    let board = await Self.board()
    defer { board.close() }
    await Self.call(board, "broken", outcome, times: 5)
    #expect(await !Self.isAdmitted(board, "broken"))
    #expect(await Self.isAdmitted(board, "fine"))
    #expect(board.all.map(\.key.model) == ["*", "broken", "fine"])
  }

  @Test("an operator's word on a model holds where there is no place for it, and after a restart")
  func decided() async throws {
    let store = MemoryStore()
    let first = await Self.board(store)
    let known = try #require(await first.breaker(forOperator: "chat/p/bad"), "nobody named it")
    known.perform(.forceOpen, by: "test")
    #expect(await known.store(within: .seconds(10)))
    let other = try #require(await first.breaker(forOperator: "chat/p/other"))
    other.perform(.forceOpen, by: "test")
    other.perform(.auto, by: "test")
    #expect(await other.store(within: .seconds(10)))
    first.close()
    let board = await Self.board(store)
    defer { board.close() }
    for number in 0..<BreakerBoard.mostNamed {
      await Self.call(board, "m\(number)", .success(durationMs: 1))
    }
    #expect(await !Self.isAdmitted(board, "bad"))
    #expect(await Self.isAdmitted(board, "other"))
    #expect(board.all.count == BreakerBoard.mostNamed + 2, "all others share one")
    #expect(await board.breaker(forOperator: "chat/q/bad") == nil)
    #expect(await board.breaker(forOperator: "chat/p/a b") == nil)
  }

  @Test("an operator's reset of all of them reaches those that are known")
  func reset() async {
    let board = await Self.board()
    defer { board.close() }
    await Self.call(board, "broken", .failure, times: 5)
    await Self.call(board, "poor", .outOfCredit).tellSiblings(
      .outOfCredit, after: .zero, reason: nil)
    let common = board.breaker(Self.common)
    common.perform(.reset, by: "test")
    board.passOn(.reset, of: common, by: "test")
    for model in ["broken", "poor", "new"] { #expect(await Self.isAdmitted(board, model)) }
  }

  @Test("a reset of all of them reaches other gateways, and what they have stored")
  func resetElsewhere() async throws {
    let store = MemoryStore()
    let first = await Self.board(store)
    let second = await Self.board(store)
    defer { for board in [first, second] { board.close() } }
    for model in ["broken", "stored"] {
      await Self.call(second, model, .failure, times: 5)
      #expect(await !Self.isAdmitted(second, model))
    }
    store.clock.set(to: store.clock.now + 1000)
    let common = first.breaker(Self.common)
    common.perform(.reset, by: "test")
    first.passOn(.reset, of: common, by: "test")
    try await eventually("the other gateway has heard of it") {
      await Self.isAdmitted(second, "broken")
    }
    #expect(await Self.isAdmitted(first, "stored"))
    await Self.call(second, "broken", .failure, times: 5)
    #expect(await !Self.isAdmitted(second, "broken"), "what comes after it holds")
    #expect(await Self.isAdmitted(first, "made-up"))
    #expect(try await store.get(Self.key("made-up").stateKey) == nil)
  }

  @Test(
    "what is found out about the key or the account holds for all, also for those that come later",
    arguments: [CallOutcome.badKey, .outOfCredit])
  func account(_ outcome: CallOutcome) async {
    let board = await Self.board()
    defer { board.close() }
    await Self.call(board, "known", .success(durationMs: 1))
    await Self.call(board, "first", outcome).tellSiblings(outcome, after: .zero, reason: nil)
    for model in ["known", "first", "new"] { #expect(await !Self.isAdmitted(board, model)) }
  }

  @Test("an operator turns all of them off by the common name")
  func operators() async {
    let board = await Self.board()
    defer { board.close() }
    await Self.call(board, "known", .success(durationMs: 1))
    board.breaker(Self.common).perform(.forceOpen, by: "")
    for model in ["known", "new"] { #expect(await !Self.isAdmitted(board, model)) }
    board.breaker(Self.common).perform(.auto, by: "")
    for model in ["known", "new"] { #expect(await Self.isAdmitted(board, model)) }
  }

  @Test("a provider that checks have found to be away is so for models that are named later")
  func away() async {
    let board = await Self.board()
    defer { board.close() }
    let settings = HealthMonitor.Settings(
      interval: .seconds(30), timeout: .seconds(60), rise: 1, fall: 2)
    let monitor = HealthMonitor(board, settings, [])
    func check(_ result: CheckResult) async {
      // Only a check that began after a breaker opened says anything of it.
      board.clock.set(to: board.clock.now + 1000)
      await monitor.check(HealthMonitor.Target(.chat, provider: "p") { result })
    }
    await check(.down("timed_out"))
    #expect(await Self.isAdmitted(board, "first"))
    await check(.down("timed_out"))
    #expect(await !Self.isAdmitted(board, "later"))
    await check(.up)
    for model in ["later", "last"] { #expect(await Self.isAdmitted(board, model)) }
  }

  @Test("names that nobody answers to fill the board neither beyond its bound nor for good")
  func made() async {
    let board = await Self.board()
    defer { board.close() }
    for number in 0..<500 { await Self.call(board, "made-up-\(number)", .ignored) }
    #expect(board.all.count == BreakerBoard.mostNamed + 1)
    #expect(await Self.call(board, "fine", .success(durationMs: 1)).key.model == "fine")
    for number in 0..<500 { await Self.call(board, "made-up-\(number)", .ignored) }
    #expect(board.breaker(named: "chat/p/fine") != nil, "who has answered stays")
  }

  @Test("what was told of a model that has lost its place says nothing of it once it is back")
  func back() async {
    let board = await Self.board()
    defer { board.close() }
    let checker = HealthChecker(board, lifetime: .seconds(300))
    await Self.call(board, "back", .ignored)
    #expect(checker.availability(of: Self.key("back")).isAvailable)
    // These have more to lose.
    for number in 0..<BreakerBoard.mostNamed {
      await Self.call(board, "failing-\(number)", .failure, times: 1)
    }
    #expect(board.breaker(named: "chat/p/back") == nil)
    await Self.call(board, "back", .failure, times: 5)
    #expect(!checker.availability(of: Self.key("back")).isAvailable)
  }

  @Test("those that are kept away hold their places for no longer than that")
  func open() async throws {
    let board = await Self.board()
    defer { board.close() }
    for number in 0..<BreakerBoard.mostNamed {
      await Self.call(board, "down-\(number)", .failure, times: 5)
    }
    #expect(await Self.call(board, "new", .ignored).key == Self.common)
    #expect(await !Self.isAdmitted(board, "down-0"))
    board.clock.set(to: board.clock.now + 3_600_000)
    #expect(await Self.call(board, "new", .ignored).key.model == "new")
  }

  @Test("where a server answers to any name, those beyond the bound share a breaker")
  func anyName() async {
    let board = await Self.board()
    defer { board.close() }
    for number in 0..<100 { await Self.call(board, "m\(number)", .success(durationMs: 1)) }
    #expect(board.all.count == BreakerBoard.mostNamed + 1)
    #expect(await Self.call(board, "one-more", .ignored).key == Self.common)
  }

  @Test("what is stored of a model holds from its first request on, after a restart too")
  func restart() async throws {
    let store = MemoryStore()
    let first = await Self.board(store)
    await Self.call(first, "broken", .failure, times: 5)
    try await eventually("the store knows") {
      try await store.get(Self.key("broken").stateKey) != nil
    }
    first.close()
    let second = await Self.board(store)
    defer { second.close() }
    #expect(await !Self.isAdmitted(second, "broken"))
    #expect(await Self.isAdmitted(second, "fine"))
  }

  @Test("only short and plain names are shown, logged and stored")
  func plain() {
    for name in ["gpt-4o", "meta-llama/Llama-3.1:free", "ft:gpt-4o:org::id", "@cf/x"] {
      #expect(BreakerKey.isPlain(model: name), "\(name)")
    }
    let long = String(repeating: "m", count: 129)
    for name in ["", "*", "a b", "ü", "a\n", "{a}", "a\"", long] {
      #expect(!BreakerKey.isPlain(model: name), "\(name)")
    }
  }
}
