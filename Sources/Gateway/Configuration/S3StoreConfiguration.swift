package import Observability

/// A bucket of anything that speaks S3.
package struct S3StoreConfiguration: Sendable, Hashable {
  /// The URL of the service, without the bucket, and without a slash at its end.
  package var endpoint: String
  /// 3 to 63 lower-case letters, digits, dots and hyphens.
  package var bucket: String
  /// The region that requests are signed for; default `us-east-1`.
  package var region = "us-east-1"
  /// The folder within the bucket; default none.
  package var prefix = ""
  /// How the bucket is named in URLs; default by the path.
  package var addressing = S3Addressing.path
  /// The environment variable that holds the access key's id; default `AWS_ACCESS_KEY_ID`.
  package var accessKeyVariable = "AWS_ACCESS_KEY_ID"
  /// The environment variable that holds the secret key; default `AWS_SECRET_ACCESS_KEY`.
  package var secretKeyVariable = "AWS_SECRET_ACCESS_KEY"
  /// The environment variable that holds the session token; nil sends none.
  package var sessionTokenVariable: String?
  /// The access key's id; nil if its variable is not set.
  package var accessKey: Secret?
  /// The secret key; nil if its variable is not set.
  package var secretKey: Secret?
  /// The session token; nil if there is none, or its variable is not set.
  package var sessionToken: Secret?
  /// Whose URLs clients are given; default the gateway's.
  package var urls = PictureURLs.gateway
  /// How long the bucket's own URLs are valid; default 7 days, 1 s to 7 days.
  package var urlExpiry = Duration.seconds(7 * 86_400)

  /// A bucket with the defaults.
  package init(endpoint: String, bucket: String) {
    self.endpoint = endpoint
    self.bucket = bucket
  }
}

/// How a bucket is named in URLs.
package enum S3Addressing: String, Sendable, Hashable, CaseIterable {
  /// `https://endpoint/bucket/key`.
  case path
  /// `https://bucket.endpoint/key`.
  case virtual
}

/// Who serves the pictures of a bucket to clients.
package enum PictureURLs: String, Sendable, Hashable, CaseIterable {
  /// The gateway, at `/v1/images/{id}`.
  case gateway
  /// The bucket, by URLs that are valid for a while.
  case presigned
}
