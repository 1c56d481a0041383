internal import Images
internal import OpenAIWire
internal import ToolLoop

/// Makes the pictures of the tool loop. Loop-bound.
final class PipelinePictureMaker: PictureMaker {
  private let context: RequestContext

  init(_ context: RequestContext) { self.context = context }

  func draw(_ arguments: ImageArguments) async -> PictureResult {
    do throws(OpenAIError) {
      let (result, kept) = try await PictureStudio(context).make(request(arguments))
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

  func propose(_ arguments: ImageArguments) async -> PictureResult {
    let request = request(arguments)
    do throws(ImageFailure) {
      let route = try context.shared.images.route(request)
      guard let plan = ImagePlan(request, route) else {
        return .failed(reason: "No image model can draw this now.", isRefusal: false)
      }
      let id = context.shared.proposals.add(request, scope: context.scope)
      let json = JSONWriter.object { writer in
        writer.member("id", id)
        plan.write(to: &writer)
        writer.member("status", "pending")
      }
      return .proposed(PictureProposal(id: id, json: json))
    } catch {
      return .failed(reason: error.message, isRefusal: false)
    }
  }

  private func request(_ arguments: ImageArguments) -> ImageRequest {
    var request = ImageRequest(prompt: arguments.prompt)
    request.negativePrompt = arguments.negativePrompt
    request.size = arguments.size.flatMap(ImageSize.init(_:))
    let configured = context.shared.configuration.imageTool.defaultQuality
    request.quality = arguments.quality ?? (configured == .auto ? nil : configured.rawValue)
    request.style = arguments.style
    request.count = arguments.count
    return request
  }
}
