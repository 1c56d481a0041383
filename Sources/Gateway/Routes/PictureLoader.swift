internal import EventLoop
internal import HTTP
internal import Images
internal import Observability
internal import ToolLoop

/// Gets the bytes of a picture that stands in a conversation. Loop-bound.
struct PictureLoader {
  let context: RequestContext

  /// Why there are none, for the model to read.
  struct Missing: Error {
    let picture: PictureReference
    let reason: String
  }

  /// Bytes of a picture that is to be changed, as OpenAI has it
  /// (platform.openai.com/docs/api-reference/images/createEdit).
  private static let editLimit = 50 << 20

  private var limit: Int { min(context.shared.configuration.limits.image.bytes, Self.editLimit) }

  func load(_ reference: PictureReference) async throws(Missing) -> InputImage {
    func missing(_ reason: String) -> Missing {
      Missing(
        picture: reference,
        reason: "The picture \(reference.name) cannot be used: \(reason).")
    }
    let image: InputImage?
    switch reference.source {
    case .stored(let id):
      let stored: StoredPicture?
      do throws(StoreError) {
        stored = try await context.shared.store.get(id, client: context.services.client)
      } catch {
        context.log.problem = error.message
        throw missing("the store of pictures cannot be read now")
      }
      guard let stored else { throw missing("there is no picture \(id), or no longer") }
      image = InputImage(stored.bytes)
    case .remote(let url):
      do throws(ImageFailure) {
        image = try await InputImageFetch(client: context.services.client, limit: limit)
          .picture(at: url)
      } catch {
        throw missing(error.message)
      }
    case .inline(let picture):
      guard picture.length <= limit / 3 * 4 + 1024 else {
        throw missing("it is larger than \(limit) bytes")
      }
      let bytes = try? await context.services.loop.offload { picture.decoded() }
      image = bytes.flatMap(\.self).flatMap(InputImage.init(_:))
    }
    guard let image else { throw missing("it is no PNG, JPEG, WebP, GIF or AVIF in base64") }
    guard image.bytes.count <= limit else { throw missing("it is larger than \(limit) bytes") }
    return image
  }
}
