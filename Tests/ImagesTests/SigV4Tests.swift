import HTTP
import Observability
import TestSupport
import Testing

@testable import Images

@Suite("AWS Signature Version 4")
struct SigV4Tests {
  /// The key of AWS's documented examples.
  static let key = S3Credentials(
    accessKeyID: Secret("AKIAIOSFODNN7EXAMPLE"),
    secretKey: Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"))
  /// 2013-05-24T00:00:00Z.
  static let time = 1_369_353_600
  static let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

  struct Example: Sendable {
    var method: HTTPMethod
    var path: String
    var headers: HeaderFields = [:]
    var body = ""
    var names: String
    var signature: String
  }

  // docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
  static let examples = [
    Example(
      method: .get, path: "/test.txt", headers: ["Range": "bytes=0-9"],
      names: "host;range;x-amz-content-sha256;x-amz-date",
      signature: "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
    Example(
      method: .put, path: "/test%24file.text",
      headers: [
        "Date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY",
      ], body: "Welcome to Amazon S3.",
      names: "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
      signature: "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"),
    Example(
      method: .get, path: "/?lifecycle", names: "host;x-amz-content-sha256;x-amz-date",
      signature: "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
    Example(
      method: .get, path: "/?prefix=J&max-keys=2", names: "host;x-amz-content-sha256;x-amz-date",
      signature: "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
  ]

  @Test("signs AWS's documented examples as documented", arguments: examples)
  func documented(example: Example) throws {
    let url = try HTTPURL("https://examplebucket.s3.amazonaws.com\(example.path)")
    let signed = SigV4(credentials: Self.key, region: "us-east-1").signed(
      example.method, url, headers: example.headers,
      payloadHash: Digest.hex(Digest.sha256(example.body.utf8Array)), at: Self.time)
    #expect(signed["x-amz-date"] == "20130524T000000Z")
    #expect(
      signed["authorization"]
        == "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
        + "SignedHeaders=\(example.names), Signature=\(example.signature)")
  }

  // docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
  @Test("presigns AWS's documented example as documented")
  func presigned() throws {
    let url = try HTTPURL("https://examplebucket.s3.amazonaws.com/test.txt")
    let signer = SigV4(credentials: Self.key, region: "us-east-1")
    #expect(
      signer.presigned(url, expiry: 86_400, at: Self.time)
        == "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
        + "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
        + "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
        + "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404")
  }

  @Test(
    "an expiry that is out of bounds is brought within", arguments: [(0, 1), (604_801, 604_800)])
  func bounds(asked: Int, given: Int) throws {
    let url = SigV4(credentials: Self.key, region: "us-east-1").presigned(
      try HTTPURL("https://e.test/a"), expiry: asked, at: Self.time)
    #expect(url.contains("&X-Amz-Expires=\(given)&"))
  }

  @Test("botocore presigns and signs alike, with a session token and a key that needs encoding")
  func secondOpinion() async throws {
    var key = Self.key
    key.sessionToken = Secret("FwoGZXIvYXdzE+/=a b")
    let signer = SigV4(credentials: key, region: "eu-central-1")
    let bucket = try S3Bucket(
      endpoint: try HTTPURL("https://s3.test:9000/base"), region: "eu-central-1", name: "bbb",
      prefix: "pic tures/é+(1)~", addressing: .path, credentials: key)
    let url = bucket.url(bucket.keyPrefix + "a.png")
    let script = """
      import sys, datetime, botocore.auth
      from botocore.awsrequest import AWSRequest
      from botocore.credentials import Credentials
      moment = datetime.datetime(2013, 5, 24, tzinfo=datetime.timezone.utc)
      botocore.auth.get_current_datetime = lambda remove_tzinfo=True: (
          moment.replace(tzinfo=None) if remove_tzinfo else moment)
      key = Credentials(*sys.argv[2:5])
      request = AWSRequest("GET", sys.argv[1])
      botocore.auth.S3SigV4QueryAuth(key, "s3", "eu-central-1", 60).add_auth(request)
      print(request.url.rpartition("=")[2])
      request = AWSRequest("PUT", sys.argv[1], data=b"body", headers={"content-type": "image/png"})
      botocore.auth.S3SigV4Auth(key, "s3", "eu-central-1").add_auth(request)
      print(request.headers["Authorization"].rpartition("=")[2])
      """
    let printed = try await PythonEnvironment.run(
      script,
      [
        url.description, key.accessKeyID.reveal(), key.secretKey.reveal(),
        key.sessionToken?.reveal() ?? "",
      ], having: "botocore")
    let expected = printed.split(whereSeparator: \.isWhitespace).map(String.init)
    try #require(expected.count == 2)
    #expect(signer.presigned(url, expiry: 60, at: Self.time).hasSuffix("=\(expected[0])"))
    let signed = signer.signed(
      .put, url, headers: ["content-type": "image/png"],
      payloadHash: Digest.hex(Digest.sha256("body".utf8Array)), at: Self.time)
    #expect(signed["authorization"]?.hasSuffix("Signature=\(expected[1])") == true)
  }

  @Test(
    "encodes what AWS encodes",
    arguments: [
      ("AZaz09-._~", "AZaz09-._~"), ("a/b", "a/b"), ("a b+c", "a%20b%2Bc"),
      ("$&=?#%", "%24%26%3D%3F%23%25"),
      ("é", "%C3%A9"), ("狐", "%E7%8B%90"), ("\u{0}\n", "%00%0A"),
    ])
  func encoding(text: String, expected: String) {
    #expect(URIEncoding.encode(path: text) == expected)
    #expect(URIEncoding.encode(text) == expected.replacing("/", with: "%2F"))
  }

  // RFC 4231, test case 2; FIPS 180-4's "abc".
  @Test("digests are those of the standards")
  func digests() {
    #expect(Digest.hex(Digest.sha256([])) == Self.empty)
    #expect(
      Digest.hex(Digest.sha256("abc".utf8Array))
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(
      Digest.hex(
        Digest.hmacSHA256(key: "Jefe".utf8Array, "what do ya want for nothing?".utf8))
        == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
  }

  @Test(
    "a bucket is addressed as it is asked for",
    arguments: [
      (
        S3Bucket.Addressing.path, "", "https://s3.test:9000/bbb/img.png", "https://s3.test:9000/bbb"
      ),
      (.virtualHost, "", "https://bbb.s3.test:9000/img.png", "https://bbb.s3.test:9000/"),
      (.path, "/base", "https://s3.test:9000/base/bbb/img.png", "https://s3.test:9000/base/bbb"),
      (
        .virtualHost, "/base/", "https://bbb.s3.test:9000/base/img.png",
        "https://bbb.s3.test:9000/base"
      ),
    ])
  func addressing(
    addressing: S3Bucket.Addressing, base: String, object: String, bucket: String
  ) throws {
    let place = try S3Bucket(
      endpoint: try HTTPURL("https://s3.test:9000\(base)"), region: "r", name: "bbb", prefix: "",
      addressing: addressing, credentials: Self.key)
    #expect(place.url("img.png").description == object)
    #expect(place.url().description == bucket)
    #expect(place.url(query: [("b", "2/"), ("a", "")]).description == "\(bucket)?a=&b=2%2F")
  }
}
