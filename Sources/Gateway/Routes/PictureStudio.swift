internal import EventLoop
internal import HTTP
internal import Images
internal import Observability
internal import OpenAIWire

/// Makes pictures and puts them into the store. Loop-bound.
struct PictureStudio {
  let context: RequestContext

  init(_ context: RequestContext) { self.context = context }

  /// Draws and keeps.
  /// - Parameters:
  ///   - finishesPaidCalls: whether a call that is paid for goes on when the client leaves.
  ///   - partial: told of unfinished pictures.
  /// - Throws: `OpenAIError`.
  /// - Returns: the pictures and their ids, in the same order.
  func make(
    _ request: ImageRequest, finishesPaidCalls: Bool = false,
    partial: ((PartialImage) async -> Void)? = nil
  ) async throws(OpenAIError) -> (ImageResult, [String]) {
    let shared = context.shared
    let result: ImageResult
    do throws(ImageFailure) {
      result = try await shared.images.generate(
        request, client: context.services.client, key: context.id,
        finishesPaidCalls: finishesPaidCalls, partial: partial)
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

  /// Pictures that were made before, with their bytes from the store.
  /// - Throws: `OpenAIError`, where the store has lost one.
  func load(_ kept: KeptPictures) async throws(OpenAIError) -> ImageResult {
    var result = kept.result
    for (index, id) in kept.ids.enumerated() {
      guard let stored = await context.shared.store.get(id, on: context.services.loop) else {
        throw .notFound("The picture was made, but is no longer kept.", code: "image_not_found")
      }
      result.images[index].bytes = stored.bytes
    }
    return result
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
      writer.member("size", image.format.size(of: image.bytes)?.description)
      writer.member("format", image.format.rawValue)
      writer.member("created", WallClock.seconds)
    }
  }
}
