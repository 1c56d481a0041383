import HTTP
import Observability
import Testing

@testable import Images

@Suite("Answers of S3")
struct S3AnswerTests {
  static func list(_ contents: String, _ rest: String = "<IsTruncated>false</IsTruncated>")
    -> [UInt8]
  {
    """
    <?xml version="1.0" encoding="UTF-8"?>
    <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
      <Name>b</Name><Prefix/><KeyCount>1</KeyCount>\(contents)\(rest)
    </ListBucketResult>
    """.utf8Array
  }

  static func object(
    key: String = "a.png", size: String = "7", written: String = "2013-05-24T00:00:00.500Z"
  ) -> String {
    "<Contents><Key>\(key)</Key><LastModified>\(written)</LastModified><ETag>&quot;e&quot;</ETag>"
      + "<Size>\(size)</Size><Owner><ID>x</ID></Owner></Contents>"
  }

  @Test("a list is read, with entities and the token of what follows")
  func lists() throws {
    let page = try S3Listing(
      Self.list(
        Self.object(key: "a&amp;b/&#x72D0;&#33;&lt;.png")
          + Self.object(written: "2013-05-24T00:00:00Z"),
        "<IsTruncated>true</IsTruncated><NextContinuationToken>1/t+=&amp;</NextContinuationToken>"))
    #expect(
      page.objects == [
        .init(key: "a&b/狐!<.png", bytes: 7, written: 1_369_353_600_500),
        .init(key: "a.png", bytes: 7, written: 1_369_353_600_000),
      ])
    #expect(page.next == "1/t+=&")
    #expect(try S3Listing(Self.list("")).next == nil)
  }

  @Test(
    "a list that makes no sense is refused as a whole",
    arguments: [
      list(object(size: "-1")), list(object(size: "many")), list(object(written: "yesterday")),
      list(object(key: "")), list("<Contents><Key>a</Key></Contents>"), list("", ""),
      list("", "<IsTruncated>true</IsTruncated>"), list("", "<IsTruncated>maybe</IsTruncated>"),
      list(object()).dropLast(1), list(object()) + "<a/>".utf8Array, "<Error/>".utf8Array, [],
      list("<Contents><Key>a</Key><Key>b</Key><Size>1</Size></Contents>"), "<html>".utf8Array,
    ])
  func malformed(xml: [UInt8]) {
    #expect(throws: S3Listing.Malformed.self) { _ = try S3Listing(Array(xml)) }
  }

  @Test(
    "XML that could mean more than it says is refused",
    arguments: [
      "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", "<a>&b;</a>", "<a><![CDATA[x]]></a>",
      "<a></b>", "<a><b></a></b>", "<a/><b/>", "text<a/>", "<a>", "<a b=\"", "<a b='>'", "</a>",
      "<a>&#xD800;</a>",
      "<a>&#x110000;</a>", "<a>&#;</a>", "<a>&#-1;</a>", "<a>&amp</a>", "<?xml", "<", "<a<b>",
      "< a/>",
      String(repeating: "<a>", count: 9) + String(repeating: "</a>", count: 9),
      "<a>" + String(repeating: "x", count: 8193) + "</a>",
      "<" + String(repeating: "a", count: 65) + "/>",
    ])
  func refused(xml: String) {
    #expect(throws: XMLElements.XMLError.self) { try XMLElements.read(xml.utf8Array) { _, _ in } }
  }

  @Test("no cut or changed byte of a list breaks the reader")
  func robustness() {
    let xml = Self.list(Self.object())
    for index in xml.indices {
      try? XMLElements.read(Array(xml[..<index])) { _, _ in }
      for byte in "<>&;\"/ \u{0}".utf8 {
        var changed = xml
        changed[index] = byte
        _ = try? S3Listing(changed)
      }
    }
  }

  @Test("attributes and empty elements are read over")
  func attributes() throws {
    var seen: [String] = []
    try XMLElements.read("\u{FEFF}<a x='>' y=\"/>\"><b/> <c z='1' />t</a>\n".utf8Array) {
      seen.append($0.joined(separator: ".") + "=" + $1)
    }
    #expect(seen == ["a.b=", "a.c=", "a=t"])
  }

  @Test(
    "errors are told in words, and nothing of the request is repeated",
    arguments: [
      (404, "NoSuchBucket", StoreError.Kind.misconfigured, "does not exist"),
      (403, "AccessDenied", .denied, "does not allow it"),
      (403, "SignatureDoesNotMatch", .denied, "the secret key is not the access key's"),
      (403, "InvalidAccessKeyId", .denied, "does not know the access key"),
      (400, "ExpiredToken", .denied, "no longer"),
      (403, "RequestTimeTooSkewed", .denied, "clock is wrong"),
      (301, "PermanentRedirect", .misconfigured, "not in the region"),
      (400, "AuthorizationHeaderMalformed", .misconfigured, "not in the region"),
      (503, "SlowDown", .unavailable, "not available now"),
      (418, "", .malformed, "status 418"),
      (500, "canary canary", .unavailable, "status 500"),
    ])
  func errors(status: Int, code: String, kind: StoreError.Kind, words: String) throws {
    let body =
      code.isEmpty
      ? "" : "<Error><Code>\(code)</Code><StringToSign>canary</StringToSign></Error>"
    let failure = S3Failure(try ProviderAnswerTests.answer(status, [], body.utf8Array))
    let bucket = try S3Bucket(
      endpoint: try HTTPURL("http://s"), region: "r", name: "bbb", prefix: "", addressing: .path,
      credentials: S3Credentials(accessKeyID: Secret("canary"), secretKey: Secret("canary")))
    let error = failure.error(bucket)
    #expect(error.kind == kind && error.message.contains(words), "\(error.message)")
    #expect(error.message.contains("'bbb'") && !error.message.contains("canary"))
    #expect(!failure.isMissingObject)
  }

  @Test("a bucket without an object is not a missing bucket")
  func missing() throws {
    for body in ["<Error><Code>NoSuchKey</Code></Error>", "", "<html>not found"] {
      #expect(S3Failure(try ProviderAnswerTests.answer(404, [], body.utf8Array)).isMissingObject)
    }
  }
}
