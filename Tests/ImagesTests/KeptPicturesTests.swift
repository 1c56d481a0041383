import HTTP
import Observability
import Synchronization
import Testing

@testable import Images

@Suite("Pictures that are told once more")
struct KeptPicturesTests {
  private static let kept: KeptPictures = {
    let id = PictureName.newID()
    let image = GeneratedImage(bytes: [1], format: .png)
    let result = ImageResult(
      images: [image], model: ImageModel(id: "m", provider: "p"), adjusted: [], passedOver: [])
    return KeptPictures(result, [KeptPicture(id: id, url: "https://old/\(id)")])
  }()

  @Test("have a bucket's URL of now, since the first answer's may be over")
  func bucket() async throws {
    let bucket = try S3Bucket(
      endpoint: HTTPURL("https://s3.test"), region: "eu-central-1", name: "pictures", prefix: "",
      addressing: .path,
      credentials: S3Credentials(accessKeyID: Secret("key"), secretKey: Secret("secret")))
    let now = Atomic(1_000_000_000)
    let store = S3Store(bucket, retention: Retention(), urlExpiry: .seconds(60)) {
      now.load(ordering: .relaxed)
    }
    func url() async throws -> String {
      try #require(await Self.kept.located(in: store) { "own \($0)" }.first).url
    }
    let first = try await url()
    #expect(first.contains("X-Amz-Date=20010909T014640Z"))
    now.add(3600, ordering: .relaxed)
    let second = try await url()
    #expect(second.contains("X-Amz-Date=20010909T024640Z"))
  }

  @Test("have the gateway's own URL where the store has none")
  func own() async throws {
    let bucket = try S3Bucket(
      endpoint: HTTPURL("https://s3.test"), region: "eu-central-1", name: "pictures", prefix: "",
      addressing: .path,
      credentials: S3Credentials(accessKeyID: Secret("key"), secretKey: Secret("secret")))
    let located = try await Self.kept.located(in: S3Store(bucket)) { "https://easel/\($0)" }
    let id = Self.kept.pictures[0].id
    #expect(located == [KeptPicture(id: id, url: "https://easel/\(id)")])
  }
}
