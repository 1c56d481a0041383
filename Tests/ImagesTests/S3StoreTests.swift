import EventLoop
import Foundation
import HTTP
import Observability
import OpenAIWire
import TestSupport
import Testing

@testable import Images

@Suite("Pictures in a bucket of a moto server", .serialized, .bounded, .timeLimit(.minutes(10)))
struct S3StoreTests {
  @Test("what is put is got again, each request signed as the server signs it")
  func roundTrip() async throws {
    try await withMoto(checksSignatures: true) { moto, client in
      let store = S3Store(try moto.bucket(prefix: "easel/pictures"))
      let prompt = "{\"prompt\":\"ein Fuchs, 狐, 🦊\"}".utf8Array
      let large = GeneratedImage.png(3 << 20)
      let id = try await store.put(large, metadata: prompt, client: client)
      let other = try await store.put(.webp(), metadata: "{}".utf8Array, client: client)
      #expect(PictureName.isValid(id: id) && id != other)
      let stored = try await store.get(id, client: client)
      #expect(stored?.bytes == large.bytes && stored?.format == .png && stored?.id == id)
      let second = try await store.get(other, client: client)
      #expect(second?.bytes == GeneratedImage.webp().bytes && second?.format == .webp)
      #expect(try await store.metadata(id, client: client) == prompt)
      #expect(try await store.publicURL(id, format: .png) == nil)
      for wrong in ["", "img_", "../x", "img_" + String(repeating: "0", count: 32), id + "0"] {
        #expect(try await store.get(wrong, client: client) == nil, "\(wrong)")
        #expect(try await store.metadata(wrong, client: client) == nil, "\(wrong)")
      }
      let seen = try JSONSlice.parse(
        try await moto.boto(
          """
          found = {}
          for item in s3.list_objects_v2(Bucket="pictures")["Contents"]:
              answer = s3.get_object(Bucket="pictures", Key=item["Key"])
              digest = hashlib.sha256(answer["Body"].read()).hexdigest()
              found[item["Key"]] = [answer["ContentType"], digest]
          print(json.dumps(found))
          """
        ).utf8Array)
      let expected: [String: (String, [UInt8])] = [
        "\(id).png": ("image/png", large.bytes), "\(id).json": ("application/json", prompt),
        "\(other).webp": ("image/webp", GeneratedImage.webp().bytes),
        "\(other).json": ("application/json", "{}".utf8Array),
      ]
      #expect(Set(seen.members.map(\.key)) == Set(expected.keys.map { "easel/pictures/\($0)" }))
      for (key, (type, bytes)) in expected {
        let object = seen["easel/pictures/\(key)"]
        #expect(object?[0]?.string == type, "\(key)")
        #expect(object?[1]?.string == Digest.hex(Digest.sha256(bytes)), "\(key)")
      }
    }
  }

  @Test("a probe finds out whether the bucket takes pictures, and leaves nothing behind")
  func probe() async throws {
    try await withMoto(checksSignatures: true) { moto, client in
      let store = S3Store(try moto.bucket(prefix: "easel/pictures"))
      try await store.probe(client: client)
      #expect(try await store.list("img_", client).objects.isEmpty)
      let id = try await store.put(.png(), metadata: "{}".utf8Array, client: client)
      try await store.probe(client: client)
      #expect(try await store.list("img_", client).objects.count == 2)
      #expect(try await store.get(id, client: client) != nil)
    }
  }

  @Test("a sweep reads, page by page, and deletes with valid signatures")
  func signedSweep() async throws {
    try await withMoto(checksSignatures: true) { moto, client in
      let clock = TestClock()
      let store = S3Store(
        try moto.bucket(), retention: Retention(expireAfter: .seconds(3600)), pageSize: 3,
        clock: { clock.seconds })
      for _ in 0..<4 { _ = try await store.put(.png(), metadata: "{}".utf8Array, client: client) }
      #expect(await store.sweep(client: client) == SweepReport())
      clock.advance(by: 4000)
      #expect(await store.sweep(client: client) == SweepReport(pictures: 4, bytes: 4000))
      #expect(
        try await moto.boto("print(s3.list_objects_v2(Bucket='pictures')['KeyCount'])") == "0\n")
    }
  }

  @Test("what is wrong is told in a sentence that holds no secret")
  func errors() async throws {
    try await withMoto(checksSignatures: true) { moto, client in
      func failure(_ bucket: S3Bucket) async -> StoreError? {
        await storeError {
          try await S3Store(bucket).put(.png(), metadata: "{}".utf8Array, client: client)
        }
      }
      let missing = await failure(try moto.bucket("elsewhere"))
      #expect(missing?.kind == .misconfigured)
      #expect(
        missing?.message
          == "the bucket 'elsewhere' does not exist at this endpoint (S3: NoSuchBucket)")
      let reading = await storeError {
        try await S3Store(try moto.bucket("elsewhere")).get(PictureName.newID(), client: client)
      }
      #expect(reading?.message == missing?.message)
      let checked = await storeError {
        try await S3Store(try moto.bucket("elsewhere")).check(client: client)
      }
      #expect(checked?.message == missing?.message)
      try await S3Store(try moto.bucket()).check(client: client)
      var key = moto.key
      key.secretKey = Secret("canary-secret")
      let unsigned = await failure(try moto.bucket(key: key))
      #expect(unsigned?.kind == .denied)
      #expect(unsigned?.message.contains("SignatureDoesNotMatch") == true)
      key = S3Credentials(accessKeyID: Secret("canary-id"), secretKey: moto.key.secretKey)
      let unknown = await failure(try moto.bucket(key: key))
      #expect(unknown?.message.contains("InvalidAccessKeyId") == true)
      let powerless = await failure(try moto.bucket(key: moto.powerlessKey))
      #expect(powerless?.kind == .denied)
      #expect(powerless?.message.contains("AccessDenied") == true)
      let nowhere = try S3Bucket(
        endpoint: try HTTPURL("http://127.0.0.1:1"), region: "us-east-1", name: "bbb", prefix: "",
        addressing: .path, credentials: key)
      let unreachable = await failure(nowhere)
      #expect(unreachable?.kind == .unavailable)
      #expect(unreachable?.message.hasPrefix("the bucket 'bbb' cannot be reached: ") == true)
      for error in [missing, unsigned, unknown, powerless, unreachable] {
        let message = try #require(error).message
        #expect(!message.contains("canary") && !message.contains(moto.key.secretKey.reveal()))
      }
      let report = await S3Store(
        try moto.bucket("elsewhere"), retention: Retention(maxBytes: 1)
      ).sweep(client: client)
      #expect(report.failure?.message == missing?.message)
    }
  }

  @Test("a presigned URL gives the picture to anyone, and says how long")
  func presigned() async throws {
    try await withMoto { moto, client in
      let bucket = try moto.bucket(prefix: "a/b")
      let store = S3Store(bucket, urlExpiry: .seconds(90))
      let id = try await store.put(.webp(), metadata: "{}".utf8Array, client: client)
      let url = try #require(try await store.publicURL(id, format: .webp))
      #expect(url.hasPrefix("\(moto.endpoint)/pictures/a/b/\(id).webp?"))
      #expect(
        url.contains("&X-Amz-Expires=90&") && !url.contains(moto.key.secretKey.reveal() + "&"))
      let script = """
        import sys, hashlib, urllib.request
        answer = urllib.request.urlopen(sys.argv[1])
        print(answer.status, answer.headers["content-type"],
            hashlib.sha256(answer.read()).hexdigest())
        """
      let fetched = try await PythonEnvironment.run(script, [url], having: "boto3")
      let digest = Digest.hex(Digest.sha256(GeneratedImage.webp().bytes))
      #expect(fetched == "200 image/webp \(digest)\n")
      // moto does not look at the expiry: what the URL says is what a server goes by.
      let short = S3Store(
        bucket, retention: Retention(expireAfter: .seconds(60)), urlExpiry: .seconds(90))
      #expect(try await short.publicURL(id, format: .webp)?.contains("&X-Amz-Expires=60&") == true)
      #expect(try await store.publicURL("../\(id)", format: .webp) == nil)
      let clock = TestClock()
      clock.advance(by: 4000)
      let late = S3Store(
        bucket, retention: Retention(expireAfter: .seconds(60)), clock: { clock.seconds })
      #expect(await late.sweep(client: client).pictures == 1)
      let gone = try await PythonEnvironment.run(
        """
        import sys, urllib.request, urllib.error
        try: urllib.request.urlopen(sys.argv[1])
        except urllib.error.HTTPError as error: print(error.code)
        """, [url], having: "boto3")
      #expect(gone == "404\n")
    }
  }

  @Test("what is too old is not served, and is deleted; what is not ours stays")
  func ages() async throws {
    try await withMoto { moto, client in
      let clock = TestClock()
      let store = S3Store(
        try moto.bucket(prefix: "p"), retention: Retention(expireAfter: .seconds(7200)),
        pageSize: 2,
        clock: { clock.seconds })
      let png = try await store.put(.png(), metadata: "{}".utf8Array, client: client)
      let webp = try await store.put(.webp(), metadata: "{}".utf8Array, client: client)
      let orphan = PictureName.newID()
      _ = try await moto.boto(
        """
        for key in ["img_\(orphan.dropFirst(4)).json", "notes.txt", "img_x.png", "img_&<é>.json"]:
            s3.put_object(Bucket="pictures", Key="p/" + key, Body=b"{}")
        for key in ["\(png).png", "p/sub/\(png).png", "pq/\(png).png"]:
            s3.put_object(Bucket="pictures", Key=key, Body=b"x" * 5000)
        """)
      #expect(try await store.metadata(orphan, client: client) == nil)
      clock.advance(by: 4000)
      #expect(await store.sweep(client: client) == SweepReport(leftovers: 1))
      #expect(try await store.get(png, client: client) != nil)
      clock.advance(by: 4000)
      for id in [png, webp] {
        #expect(try await store.get(id, client: client) == nil)
        #expect(try await store.metadata(id, client: client) == nil)
      }
      #expect(await store.sweep(client: client) == SweepReport(pictures: 2, bytes: 1500))
      let rest = try await moto.boto(
        "print(sorted(o['Key'] for o in s3.list_objects_v2(Bucket='pictures')['Contents']) == "
          + "sorted(['p/notes.txt', 'p/img_x.png', 'p/img_&<é>.json', '\(png).png', "
          + "'p/sub/\(png).png', 'pq/\(png).png']))")
      #expect(rest == "True\n")
    }
  }

  @Test("the oldest go first where there is too much")
  func sizes() async throws {
    try await withMoto { moto, client in
      let store = S3Store(
        try moto.bucket(), retention: Retention(maxBytes: 2000), pageSize: 3,
        clock: { WallClock.seconds })
      var ids: [String] = []
      for _ in 0..<2 {
        ids.append(try await store.put(.png(), metadata: "{}".utf8Array, client: client))
      }
      #expect(await store.sweep(client: client) == SweepReport())
      // S3 tells times in seconds: those that follow must be newer.
      let start = WallClock.seconds
      while WallClock.seconds == start { await Task.yield() }
      for _ in 0..<2 {
        ids.append(try await store.put(.png(), metadata: "{}".utf8Array, client: client))
      }
      #expect(await store.sweep(client: client) == SweepReport(pictures: 2, bytes: 2000))
      for (index, id) in ids.enumerated() {
        #expect((try await store.get(id, client: client) != nil) == (index >= 2), "\(index)")
        #expect((try await store.metadata(id, client: client) != nil) == (index >= 2), "\(index)")
      }
    }
  }

  @Test("an object that is not what was stored is not served")
  func damage() async throws {
    try await withMoto { moto, client in
      let store = S3Store(try moto.bucket())
      let id = try await store.put(.png(), metadata: "{}".utf8Array, client: client)
      _ = try await moto.boto(
        """
        old = s3.head_object(Bucket="pictures", Key=arguments[0])
        s3.put_object(Bucket="pictures", Key=arguments[0], Body=b"other", Metadata=old["Metadata"])
        """, ["\(id).png"])
      let error = await storeError { try await store.get(id, client: client) }
      #expect(error?.kind == .malformed)
    }
  }
}
