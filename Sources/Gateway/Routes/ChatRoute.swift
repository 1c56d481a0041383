internal import Images
internal import Chat
internal import EventLoop
internal import HTTP
internal import Observability
internal import OpenAIWire
internal import ToolLoop

/// `POST /v1/chat/completions`: a plain relay, or a tool loop where the image tools are offered.
enum ChatRoute {
  static func answer(_ context: RequestContext) async {
    context.log.route = "/v1/chat/completions"
    do throws(OpenAIError) {
      let request = try ChatRequest(try await context.body())
      context.log.model = request.model
      var options = request.options
      try options.complete(from: context.exchange.head.headers)
      let profile = try profile(options, request, context)
      guard let route = context.shared.directory.route(request.model) else {
        throw .unknownModel(request.model)
      }
      let call = UpstreamCall(route, context.services.upstreams)
      let target = call.current
      context.log.upstream = target.upstream.name
      defer { context.log.note(call) }
      let scope = context.scope
      let restored = await TurnRestorer.restore(
        request, from: context.shared.memory, scope: scope)
      let mode = options.imageTool ?? context.shared.defaultImageTool
      let tools = Injection.tools(
        for: request, target: target, mode: mode,
        hasProviders: context.shared.images.canServe(profile, .generate),
        canEdit: context.shared.images.canServe(profile, .edit))
      let conversation = Conversation(
        request, model: target.model, restored: restored, tools: tools,
        limits: ToolLimits(profile))
      if !tools.isEmpty {
        options.imageTool = mode
        let maker = PipelinePictureMaker(context, profile)
        await runTools(context, request, call, options, conversation, maker)
      } else {
        await UpstreamRelay(
          context: context, call: call, hasSeveralChoices: (request[.n]?.int ?? 1) > 1,
          isChat: true, isStreamed: request.isStreamed
        ).relay { target in
          target.request(
            "chat/completions", client: context.exchange.head.headers,
            requestID: context.id, body: try conversation.body(model: target.model))
        }
      }
    } catch {
      context.fail(error)
    }
  }

  /// The image profile that the tools draw by; nil for none.
  private static func profile(
    _ options: EaselOptions, _ request: ChatRequest, _ context: RequestContext
  ) throws(OpenAIError) -> ImageProfile? {
    do throws(ImageProfiles.Unknown) {
      return try context.shared.profiles.profile(named: options.imageProfile)
    } catch {
      let isOfBody = request.options.imageProfile != nil
      throw .invalidRequest(
        error.message, param: isOfBody ? "easel.image_profile" : "x-easel-image-profile")
    }
  }

  private static func runTools(
    _ context: RequestContext, _ request: ChatRequest, _ call: UpstreamCall,
    _ options: EaselOptions, _ conversation: consuming Conversation,
    _ maker: PipelinePictureMaker
  ) async {
    let run = ToolLoopRun(
      exchange: context.exchange, call: call, request: request, requestID: context.id,
      output: output(options, request),
      events: options.events ?? false, confirms: options.imageTool == .confirm,
      settings: context.shared.toolSettings,
      maker: maker, observer: context.shared.toolObserver,
      memory: context.shared.memory, scope: context.scope, fields: context.fields)
    let outcome =
      request.isStreamed
      ? await StreamedToolLoop(run, conversation).answer()
      : await WholeToolLoop(run, conversation).answer()
    context.log.rounds = run.rounds
    switch outcome {
    case .complete: break
    case .clientLeft:
      context.log.outcome = .clientLeft
      context.exchange.cut()
    case .upstreamError: context.log.outcome = .upstreamError
    }
  }

  /// Without a wish, OpenRouter's convention tells: `modalities` that hold `image`.
  private static func output(
    _ options: EaselOptions, _ request: ChatRequest
  ) -> EaselOptions.ImageOutput {
    if let output = options.imageOutput { return output }
    let wantsImages = request[.modalities]?.elements.contains { $0.isString("image") } ?? false
    return wantsImages ? .images : .markdown
  }
}
