import EventLoop
import HTTP
import Observability
import OpenAIWire
import Simulator
import Testing

@testable import Images

/// One thing that goes wrong with a provider's answer, and what an adapter makes of it.
struct ProbeCase: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let fault: SimulatorFault
  let kind: ImageFailure.Kind
  let mayHaveBeenPaid: Bool
  var retryAfter: Duration?

  init(
    _ name: String, _ kind: ImageFailure.Kind, paid: Bool, retryAfter: Duration? = nil,
    _ change: (inout SimulatorFault) -> Void
  ) {
    var fault = SimulatorFault()
    change(&fault)
    self.fault = fault
    testDescription = name
    self.kind = kind
    mayHaveBeenPaid = paid
    self.retryAfter = retryAfter
  }

  /// An answer of a status and a body.
  static func answer(
    _ status: Int, _ body: String, _ kind: ImageFailure.Kind, paid: Bool? = nil,
    retryAfter: Duration? = nil
  ) -> ProbeCase {
    ProbeCase(
      "\(status) \(body.prefix(120))", kind,
      paid: paid ?? (status < 300 && kind != .refused || [408, 500, 502, 504].contains(status)),
      retryAfter: retryAfter
    ) { fault in
      fault.status = status
      fault.body = body
    }
  }

  /// What can go wrong with the one paid call of any provider.
  static let transport: [ProbeCase] = [
    ProbeCase("hangs", .timedOut, paid: true) { $0.hangs = true },
    ProbeCase("is cut off", .unreachable, paid: true) { $0.resetAfter = 10 },
    ProbeCase("never ends", .tooLarge, paid: true) { $0.giantBytes = 12 << 20 },
    .answer(200, "<html>", .malformed), .answer(200, "", .malformed),
    .answer(200, "[]", .malformed),
    .answer(500, "<html>", .overloaded), .answer(502, "", .overloaded),
    .answer(503, "{}", .overloaded), .answer(504, "{}", .timedOut), .answer(404, "", .notFound),
    .answer(413, "", .tooLarge), .answer(402, "{}", .outOfCredit), .answer(401, "{}", .badKey),
    .answer(400, "not JSON", .badRequest),
    ProbeCase("asks to wait", .rateLimited, paid: false, retryAfter: .seconds(7)) {
      $0.status = 429
      $0.retryAfter = "7"
    },
  ]
}

/// Draws at simulated providers.
enum AdapterProbe {
  /// Bytes of one picture, small enough that a giant is soon too large.
  static let imageLimit = 4 << 20

  static func draw(
    _ provider: ImageProvider, _ request: ImageRequest, count: Int = 1, _ client: HTTPClient,
    partial: ((PartialImage) async -> Void)? = nil
  ) async -> Result<ProviderAnswer, ImageFailure> {
    let adapter = AdapterDirectory.adapter(for: provider.format)
    guard let model = provider.models.first else {
      return .failure(ImageFailure(.noProvider, "no adapter"))
    }
    var job = ImageJob(request: request, model: model, count: count, idempotencyKey: "job-1")
    job.partial = partial
    let link = ProviderLink(provider: provider, client: client, imageLimit: imageLimit)
    do throws(ImageFailure) {
      return .success(try await adapter.draw(job, over: link).checked(over: link))
    } catch {
      return .failure(error)
    }
  }

  /// The failure of a drawing; nil where it succeeds.
  static func failure(
    _ provider: ImageProvider, _ request: ImageRequest, _ client: HTTPClient
  ) async -> ImageFailure? {
    if case .failure(let failure) = await draw(provider, request, client) { return failure }
    return nil
  }

  /// Has each fault happen to the paid call of a provider, and checks what its adapter makes of it.
  static func check(
    _ faults: [ProbeCase], route: String, _ simulator: SimulatorServer,
    _ client: HTTPClient, _ provider: ImageProvider,
    request: ImageRequest = ImageRequest(prompt: "a fox")
  ) async {
    for item in faults {
      simulator.reset()
      simulator.queue(item.fault, route: route)
      var provider = provider
      if item.fault.hangs { provider.timeout = .seconds(4) }
      let failure = await failure(provider, request, client)
      #expect(failure?.kind == item.kind, "\(item.testDescription): \(failure?.message ?? "none")")
      #expect(failure?.mayHaveBeenPaid == item.mayHaveBeenPaid, "\(item.testDescription)")
      #expect(failure?.retryAfter == item.retryAfter, "\(item.testDescription)")
      #expect(failure?.message.contains(provider.apiKey?.reveal() ?? "\u{0}") == false)
      #expect(simulator.requests.filter { $0.route == route }.count == 1, "asked once")
    }
    simulator.reset()
  }

  /// The bytes of an answer's pictures; those behind URLs are left out.
  static func bytes(_ answer: ProviderAnswer) -> [[UInt8]] {
    answer.pictures.compactMap {
      if case .bytes(let bytes) = $0.source { bytes } else { nil }
    }
  }

  /// The sizes of an answer's pictures.
  static func sizes(_ answer: ProviderAnswer) -> [String] {
    bytes(answer).map { ImageFormat.png.size(of: $0)?.description ?? "no PNG" }
  }

  /// A small PNG to change.
  static func picture(_ width: Int = 64, _ height: Int = 64) throws -> InputImage {
    let picture = SimulatedPicture(width: width, height: height, prompt: "input", details: [])
    let bytes = try #require(picture.png())
    return try #require(InputImage(bytes))
  }
}

extension ProviderAnswer {
  /// Itself, unless a picture of it cannot be read: as the pipeline looks at it.
  func checked(over link: ProviderLink) throws(ImageFailure) -> ProviderAnswer {
    for picture in pictures {
      if case .broken = picture.source { throw link.malformed("answered with broken base64") }
    }
    return self
  }
}
