internal import EventLoop
internal import HTTP
internal import Images
internal import Observability
internal import OpenAIWire
internal import ToolLoop

/// `POST /v1/images/generations`.
enum ImagesRoute {
  static func generate(_ context: RequestContext) async {
    context.log.route = "/v1/images/generations"
    do throws(OpenAIError) {
      let (request, format) = try ImagesAPI.parse(try await context.body())
      context.log.model = request.model
      let (result, ids) = try await PictureStudio(context).make(request)
      context.log.upstream = result.model.provider
      context.respond(
        json: ImagesAPI.answer(
          result, ids: ids, format: format, created: WallClock.seconds, url: context.pictureURL),
        extra: fields(result))
    } catch {
      if context.exchange.isClientGone {
        context.log.outcome = .clientLeft
        context.exchange.cut()
      } else {
        context.fail(error)
      }
    }
  }

  private static func fields(_ result: ImageResult) -> HeaderFields {
    var fields = HeaderFields()
    fields.append("x-easel-provider", result.model.provider, orDrop: ())
    fields.append("x-easel-model", result.model.id, orDrop: ())
    if let cost = result.cost { fields.append("x-easel-cost-usd", "\(cost)", orDrop: ()) }
    if !result.passedOver.isEmpty {
      let list = result.passedOver.map { "\($0.model);reason=\($0.reason)" }
      fields.append("x-easel-fallback", list.joined(separator: ", "), orDrop: ())
    }
    return fields
  }
}

/// Makes pictures and puts them into the store.
struct PictureStudio {
  private let context: RequestContext

  init(_ context: RequestContext) { self.context = context }

  /// - Returns: the pictures and their ids, in the same order.
  /// - Throws: `OpenAIError`.
  func make(_ request: ImageRequest) async throws(OpenAIError) -> (ImageResult, [String]) {
    let shared = context.shared
    let result: ImageResult
    do throws(ImageFailure) {
      result = try await shared.images.generate(
        request, client: context.services.client, key: context.id)
    } catch {
      throw error.openAIError
    }
    var ids: [String] = []
    for image in result.images {
      do throws(ImageStore.StoreError) {
        ids.append(
          try await shared.store.put(
            image, metadata: metadata(image, result, request), on: context.services.loop))
      } catch {
        var shown = OpenAIError.internal("The picture was made, but \(error.message).")
        // It was paid for: the SDK must not pay again.
        shown.shouldRetry = false
        throw shown
      }
    }
    return (result, ids)
  }

  private func metadata(
    _ image: GeneratedImage, _ result: ImageResult, _ request: ImageRequest
  ) -> [UInt8] {
    JSONWriter.object { writer in
      writer.member("prompt", request.prompt)
      writer.member("revised_prompt", image.revisedPrompt)
      writer.member("provider", result.model.provider)
      writer.member("model", result.model.id)
      writer.member("cost_usd", result.cost.map { $0 / Double(max(1, result.images.count)) })
      writer.member("seed", image.seed)
      writer.member("created", WallClock.seconds)
    }
  }
}

/// Makes the pictures of the tool loop.
final class PipelinePictureMaker: PictureMaker {
  private let context: RequestContext

  init(_ context: RequestContext) { self.context = context }

  func draw(_ arguments: ImageArguments) async -> PictureResult {
    var request = ImageRequest(prompt: arguments.prompt)
    request.negativePrompt = arguments.negativePrompt
    request.size = arguments.size.flatMap(ImageSize.init(_:))
    let configured = context.shared.configuration.imageTool.defaultQuality
    request.quality = arguments.quality ?? (configured == .auto ? nil : configured.rawValue)
    request.style = arguments.style
    request.count = arguments.count
    do throws(OpenAIError) {
      let (result, ids) = try await PictureStudio(context).make(request)
      let pictures = zip(result.images, ids).map { image, id in
        Picture(id: id, url: context.pictureURL(id), revisedPrompt: image.revisedPrompt)
      }
      return .made(
        PictureSet(
          pictures: pictures, provider: result.model.provider, model: result.model.id,
          cost: result.cost))
    } catch {
      return .failed(
        reason: error.message, isRefusal: error.type == "image_generation_user_error")
    }
  }
}
