internal import EventLoop
internal import HTTP
internal import Observability
internal import OpenAIWire
internal import Resilience

/// `POST /admin/breakers/KIND/PROVIDER/MODEL`: what operators may do while the gateway runs.
enum AdminRoute {
  static let prefix = "/admin/breakers/"

  static func command(_ context: RequestContext, _ name: String, _ logger: Logger) async {
    context.log.route = "/admin/breakers/{breaker}"
    do throws(OpenAIError) {
      let operatorName = try authenticate(context)
      let body = try await context.body()
      let command = try command(in: body)
      let board = context.shared.resilience.board
      guard let breaker = await board.breaker(forOperator: name.removingPercentEncoding) else {
        let known = board.all.prefix(100).map(\.key.description).joined(separator: ", ")
        throw .notFound(
          "There is no breaker '\(name.prefix(256))'. There are: \(known).", code: "no_breaker")
      }
      // Where the log is full, there is room for the record then.
      await write(logger, context)
      breaker.perform(command, by: operatorName)
      board.passOn(command, of: breaker, by: operatorName)
      // Answered before, both could be lost with the process.
      await write(logger, context)
      let isStored = await breaker.store(within: context.shared.configuration.state.startTimeout)
      context.respond(
        json: JSONWriter.object { writer in
          writer.member("breaker", breaker.key.description)
          writer.member("command", command.rawValue)
          writer.member("state", breaker.report.state.name)
          writer.member("stored", isStored && context.shared.resilience.canShare)
        })
    } catch {
      context.fail(error)
    }
  }

  /// Has the log written out, which takes a second at most.
  private static func write(_ logger: Logger, _ context: RequestContext) async {
    _ = try? await context.services.loop.offload { logger.flush() }
  }

  /// - Returns: who it is, for the record.
  private static func authenticate(_ context: RequestContext) throws(OpenAIError) -> String {
    let admin = context.shared.configuration.admin
    guard let key = admin.key else {
      throw OpenAIError(
        status: 403,
        message: "Nobody may do this here: \(admin.keyVariable) is not set in the gateway's "
          + "environment.", type: "invalid_request_error", code: "admin_disabled")
    }
    let field = context.exchange.head.headers["authorization"] ?? ""
    guard field.prefix(7).lowercased() == "bearer ", key.matches(String(field.dropFirst(7))) else {
      throw OpenAIError(
        status: 401, message: "The operators' key is needed: Authorization: Bearer KEY.",
        type: "invalid_request_error", code: "invalid_api_key")
    }
    return context.exchange.remoteAddress
  }

  private static func command(in body: [UInt8]) throws(OpenAIError) -> BreakerCommand {
    let all = BreakerCommand.allCases.map(\.rawValue).joined(separator: ", ")
    do throws(JSONError) {
      let word = try JSONSlice.parse(body)["command"]?.string
      if let command = word.flatMap(BreakerCommand.init(rawValue:)) { return command }
    } catch {
      throw .invalidJSON(error)
    }
    throw .invalidRequest(
      "The body must be {\"command\": …} with one of: \(all).", param: "command")
  }
}
