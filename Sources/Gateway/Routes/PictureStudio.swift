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
  ///   - needsStore: whether a picture that cannot be kept is of no use, as one that is answered by
  ///     its URL. Otherwise it is only logged.
  ///   - finishesPaidCalls: whether a call that is paid for goes on when the client leaves.
  ///   - begun: what the same request came to before its client left.
  ///   - partial: told of unfinished pictures.
  /// - Throws: `OpenAIError`.
  /// - Returns: the pictures, and where they are kept, in the same order; nothing of the latter for
  ///   pictures that could not be kept.
  func make(
    _ request: ImageRequest, needsStore: Bool = true, finishesPaidCalls: Bool = false,
    after begun: ImageResult? = nil,
    partial: ((PartialImage) async -> Void)? = nil
  ) async throws(OpenAIError) -> (result: ImageResult, kept: [KeptPicture]) {
    let shared = context.shared
    if needsStore, shared.storeDoubt.isRaised { try await probeStore() }
    let result: ImageResult
    do throws(ImageFailure) {
      result = try await shared.images.generate(
        request, client: context.services.client, finishesPaidCalls: finishesPaidCalls,
        after: begun, partial: partial)
    } catch {
      throw error.openAIError
    }
    do throws(StoreError) {
      guard finishesPaidCalls else { return (result, try await keep(result, request)) }
      // Whoever asks again for what is paid for gets it from the store.
      let kept = await context.services.loop.shielded { () -> Result<[KeptPicture], StoreError> in
        do throws(StoreError) { return .success(try await keep(result, request)) } catch {
          return .failure(error)
        }
      }
      return (result, try kept.get())
    } catch {
      context.log.problem = error.message
      if !needsStore { return (result, []) }
      var shown = OpenAIError.internal("The picture was made, but it could not be stored.")
      // It was paid for: the SDK must not pay again.
      shown.shouldRetry = false
      throw shown
    }
  }

  /// - Throws: `OpenAIError`, where a picture that is drawn now would be lost.
  private func probeStore() async throws(OpenAIError) {
    do throws(StoreError) {
      try await context.shared.store.probe(client: context.services.client)
    } catch {
      context.log.problem = error.message
      throw .unavailable(
        "The store of pictures takes none now, so that none was drawn.", retryAfter: .seconds(5))
    }
  }

  private func keep(
    _ result: ImageResult, _ request: ImageRequest
  ) async throws(StoreError) -> [KeptPicture] {
    var kept: [KeptPicture] = []
    for image in result.images {
      kept.append(try await keep(image, PictureMetadata(image, request).json()))
    }
    return kept
  }

  private func keep(
    _ image: GeneratedImage, _ metadata: [UInt8]
  ) async throws(StoreError) -> KeptPicture {
    let store = context.shared.store
    let id: String
    do throws(StoreError) {
      id = try await store.put(image, metadata: metadata, client: context.services.client)
    } catch {
      if error.kind != .cancelled { context.shared.storeDoubt.tell(wasKept: false) }
      throw error
    }
    context.shared.storeDoubt.tell(wasKept: true)
    let url = try await store.publicURL(id, format: image.format) ?? context.pictureURL(id)
    return KeptPicture(id: id, url: url)
  }

  /// Where pictures that were made before are found now.
  /// - Throws: `OpenAIError`, where their store cannot tell.
  func locate(_ kept: KeptPictures) async throws(OpenAIError) -> [KeptPicture] {
    do throws(StoreError) {
      return try await kept.located(in: context.shared.store) { context.pictureURL($0) }
    } catch {
      throw unreadable(error)
    }
  }

  /// The picture is made, and paid for; the store may tell it later.
  private func unreadable(_ error: StoreError) -> OpenAIError {
    context.log.problem = error.message
    return .unavailable("The picture was made, but its store cannot be read now.")
  }

  /// Pictures that were made before, with their bytes from the store, once there is room for them.
  /// - Throws: `OpenAIError`, where the store has lost one.
  func load(_ kept: KeptPictures) async throws(OpenAIError) -> ImageResult {
    var result = kept.result
    do throws(ImageFailure) {
      result.place = try await context.shared.images.room(
        for: kept.pictures.count, on: context.services.loop)
    } catch {
      throw error.openAIError
    }
    for (index, picture) in kept.pictures.enumerated() {
      let stored: StoredPicture?
      do throws(StoreError) {
        stored = try await context.shared.store.get(picture.id, client: context.services.client)
      } catch {
        throw unreadable(error)
      }
      guard let stored else {
        throw .notFound("The picture was made, but is no longer kept.", code: "image_not_found")
      }
      result.images[index].bytes = stored.bytes
    }
    return result
  }
}
