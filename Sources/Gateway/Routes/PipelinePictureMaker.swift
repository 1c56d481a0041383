internal import Images
internal import OpenAIWire
internal import ToolLoop

/// Makes the pictures of the tool loop. Loop-bound.
final class PipelinePictureMaker: PictureMaker {
  private let context: RequestContext
  private let profile: ImageProfile?

  /// - Parameter profile: what the pictures are drawn by; nil for none.
  init(_ context: RequestContext, _ profile: ImageProfile?) {
    self.context = context
    self.profile = profile
  }

  func draw(_ arguments: ImageArguments) async -> PictureResult {
    await make(request(arguments))
  }

  func edit(_ arguments: EditArguments) async -> PictureResult {
    do throws(PictureLoader.Missing) { return await make(try await request(arguments)) } catch {
      return Self.failed(error, arguments)
    }
  }

  func propose(_ arguments: ImageArguments) async -> PictureResult {
    await propose(request(arguments))
  }

  func propose(_ arguments: EditArguments) async -> PictureResult {
    do throws(PictureLoader.Missing) { return await propose(try await request(arguments)) } catch {
      return Self.failed(error, arguments)
    }
  }

  func forecast(_ order: PictureOrder) -> PictureForecast? {
    var request: ImageRequest
    switch order {
    case .draw(let arguments): request = self.request(arguments)
    case .edit(let arguments):
      request = ImageRequest(prompt: arguments.prompt)
      request.operation = .edit
      request.size = arguments.size.flatMap(ImageSize.init(_:))
      request.quality = arguments.quality
      request.count = arguments.count
    }
    guard let request = try? decided(request),
      let route = try? context.shared.images.forecast(request), let model = route.candidates.first
    else { return nil }
    let cost = model.quote(request).total(request.count)
    return PictureForecast(provider: model.provider, model: model.id, cost: cost)
  }

  private static func failed(
    _ missing: PictureLoader.Missing, _ arguments: EditArguments
  ) -> PictureResult {
    .failed(
      reason: "\(missing.reason) \(arguments.known(without: missing.picture))", isRefusal: false)
  }

  private func make(_ asked: ImageRequest) async -> PictureResult {
    do throws(OpenAIError) {
      let (result, kept) = try await PictureStudio(context).make(try decided(asked))
      let pictures = zip(result.images, kept).map { image, kept in
        Picture(id: kept.id, url: kept.url, revisedPrompt: image.revisedPrompt)
      }
      return .made(
        PictureSet(
          pictures: pictures, provider: result.model.provider, model: result.model.id,
          cost: result.cost,
          passedOver: result.passedOver.map {
            PictureSet.PassedOver(model: $0.model, reason: $0.reason)
          }))
    } catch {
      return .failed(
        reason: error.message, isRefusal: error.type == "image_generation_user_error")
    }
  }

  private func propose(_ asked: ImageRequest) async -> PictureResult {
    do throws(OpenAIError) {
      let request = try decided(asked)
      let route: ImageRoute
      do throws(ImageFailure) { route = try context.shared.images.forecast(request) } catch {
        throw error.openAIError
      }
      guard let plan = ImagePlan(request, route) else {
        throw ImagePipeline.nobody(route).openAIError
      }
      let id = await context.shared.proposals.add(request, scope: context.scope)
      let json = JSONWriter.object { writer in
        writer.member("id", id)
        plan.write(to: &writer)
        writer.member("operation", request.operation == .edit ? "edit" : nil)
        writer.member("status", "pending")
      }
      return .proposed(PictureProposal(id: id, json: json))
    } catch {
      return .failed(reason: error.message, isRefusal: false)
    }
  }

  // MARK: Requests

  private func request(_ arguments: ImageArguments) -> ImageRequest {
    var request = ImageRequest(prompt: arguments.prompt)
    request.negativePrompt = arguments.negativePrompt
    request.size = arguments.size.flatMap(ImageSize.init(_:))
    request.quality = arguments.quality
    request.style = arguments.style
    request.count = arguments.count
    return request
  }

  private func request(
    _ arguments: EditArguments
  ) async throws(PictureLoader.Missing) -> ImageRequest {
    let loader = PictureLoader(context: context)
    var request = ImageRequest(prompt: arguments.prompt)
    request.operation = .edit
    request.images = [try await loader.load(arguments.image)]
    if let mask = arguments.mask { request.mask = try await loader.load(mask) }
    request.size = arguments.size.flatMap(ImageSize.init(_:))
    request.quality = arguments.quality
    request.count = arguments.count
    return request
  }

  /// A request with the operator's choices where the model makes none: the profile's, and then the
  /// tool's own.
  /// - Throws: `OpenAIError` for what is past a limit of the profile.
  private func decided(_ asked: ImageRequest) throws(OpenAIError) -> ImageRequest {
    var request = asked
    try profile?.apply(to: &request)
    let configured = context.shared.configuration.imageTool.defaultQuality
    if request.quality == nil, request.model == nil, configured != .auto {
      request.quality = configured.rawValue
    }
    return request
  }
}
