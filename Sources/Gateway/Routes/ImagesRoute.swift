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
      let (result, kept) = try await PictureStudio(context).make(request)
      context.log.upstream = result.model.provider
      let urls = Dictionary(kept.map { ($0.id, $0.url) }, uniquingKeysWith: { first, _ in first })
      context.respond(
        json: ImagesAPI.answer(
          result, ids: kept.map(\.id), format: format, created: WallClock.seconds
        ) { urls[$0] ?? context.pictureURL($0) },
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

  /// A picture in the store, and where clients find it.
  struct Kept {
    var id: String
    var url: String
  }

  /// - Returns: the pictures and where they are kept, in the same order.
  /// - Throws: `OpenAIError`.
  func make(_ request: ImageRequest) async throws(OpenAIError) -> (ImageResult, [Kept]) {
    let shared = context.shared
    let result: ImageResult
    do throws(ImageFailure) {
      result = try await shared.images.generate(request, client: context.services.client)
    } catch {
      throw error.openAIError
    }
    var kept: [Kept] = []
    for image in result.images {
      do throws(StoreError) {
        kept.append(try await keep(image, metadata(image, result, request)))
      } catch {
        context.log.problem = error.message
        var shown = OpenAIError.internal("The picture was made, but it could not be stored.")
        // It was paid for: the SDK must not pay again.
        shown.shouldRetry = false
        throw shown
      }
    }
    return (result, kept)
  }

  private func keep(
    _ image: GeneratedImage, _ metadata: [UInt8]
  ) async throws(StoreError) -> Kept {
    let store = context.shared.store
    let id = try await store.put(image, metadata: metadata, client: context.services.client)
    let url = try await store.publicURL(id, format: image.format) ?? context.pictureURL(id)
    return Kept(id: id, url: url)
  }

  private func metadata(
    _ image: GeneratedImage, _ result: ImageResult, _ request: ImageRequest
  ) -> [UInt8] {
    JSONWriter.object { writer in
      writer.member("prompt", request.prompt)
      writer.member("revised_prompt", image.revisedPrompt)
      writer.member("provider", result.model.provider)
      writer.member("model", result.model.id)
      writer.member("cost_usd", result.model.price)
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
      let (result, kept) = try await PictureStudio(context).make(request)
      let pictures = zip(result.images, kept).map { image, kept in
        Picture(id: kept.id, url: kept.url, revisedPrompt: image.revisedPrompt)
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
