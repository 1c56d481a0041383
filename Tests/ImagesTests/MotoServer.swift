import EventLoop
import Foundation
import HTTP
import Observability
import TestSupport

@testable import Images

/// A real `moto` server, which speaks S3 and checks signatures where it is told to.
final class MotoServer: Sendable {
  private let process: ChildProcess
  let port: Int
  let key: S3Credentials
  /// A key that is known and may do nothing, where signatures are checked.
  let powerlessKey: S3Credentials

  private init(
    process: ChildProcess, port: Int, key: S3Credentials, powerlessKey: S3Credentials
  ) {
    self.process = process
    self.port = port
    self.key = key
    self.powerlessKey = powerlessKey
  }

  var endpoint: String { Self.endpoint(port) }

  private static func endpoint(_ port: Int) -> String { "http://127.0.0.1:\(port)" }

  /// Starts a server at a port of the system's choice, with the bucket `pictures` in it.
  /// - Parameter checksSignatures: whether each request must be signed with `key`, which may use S3.
  static func start(checksSignatures: Bool = false) async throws -> MotoServer {
    let process = try ChildProcess(
      try PythonEnvironment.interpreter(having: "moto"),
      ["-I", "-u", "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"],
      environment: PythonEnvironment.variables)
    do {
      let port = try await port(of: process)
      let answer = try await PythonEnvironment.run(
        checksSignatures ? setup + restriction : setup, [endpoint(port)], having: "boto3")
      let words = answer.split(whereSeparator: \.isWhitespace).map(String.init)
      guard !checksSignatures || words.count == 4 else {
        throw TestError("moto gave no keys: \(answer)")
      }
      let secrets = checksSignatures ? words : ["testing", "testing", "", ""]
      return MotoServer(
        process: process, port: port,
        key: S3Credentials(accessKeyID: Secret(secrets[0]), secretKey: Secret(secrets[1])),
        powerlessKey: S3Credentials(accessKeyID: Secret(secrets[2]), secretKey: Secret(secrets[3])))
    } catch {
      process.kill()
      throw error
    }
  }

  /// The port that the server's first lines tell.
  private static func port(of process: ChildProcess) async throws -> Int {
    var port: Int?
    try await eventually("moto listens", within: .seconds(120)) {
      let text = process.output + process.log
      guard process.isRunning else { throw TestError("moto does not start: \(text)") }
      port = text.firstMatch(of: /Running on http:\/\/127\.0\.0\.1:(\d+)\s/).flatMap { Int($0.1) }
      return port != nil
    }
    guard let port else { throw TestError("moto does not start") }
    return port
  }

  func stop() { process.kill() }

  /// Runs a script about the bucket with boto3, a client that owes nothing to ours: `s3` is its
  /// client, `arguments` what follows.
  func boto(_ script: String, _ arguments: [String] = []) async throws -> String {
    let start = """
      import sys, boto3, json, hashlib
      endpoint, key, secret, *arguments = sys.argv[1:]
      s3 = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1",
          aws_access_key_id=key, aws_secret_access_key=secret)

      """
    return try await PythonEnvironment.run(
      start + script,
      [endpoint, key.accessKeyID.reveal(), key.secretKey.reveal()] + arguments, having: "boto3")
  }

  func bucket(
    _ name: String = "pictures", prefix: String = "", key: S3Credentials? = nil
  ) throws -> S3Bucket {
    try S3Bucket(
      endpoint: try HTTPURL(endpoint), region: "us-east-1", name: name, prefix: prefix,
      addressing: .path, credentials: key ?? self.key)
  }

  private static let setup = """
    import sys, boto3, urllib.request
    def client(name):
        return boto3.client(name, endpoint_url=sys.argv[1], region_name="us-east-1",
            aws_access_key_id="testing", aws_secret_access_key="testing")
    client("s3").create_bucket(Bucket="pictures")

    """

  private static let restriction = """
    import json
    iam = client("iam")
    iam.create_user(UserName="easel")
    iam.put_user_policy(UserName="easel", PolicyName="s3", PolicyDocument=json.dumps({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}))
    iam.create_user(UserName="nobody")
    keys = [iam.create_access_key(UserName=name)["AccessKey"] for name in ("easel", "nobody")]
    urllib.request.urlopen(urllib.request.Request(
        sys.argv[1] + "/moto-api/reset-auth", data=b"0", headers={"content-type": "text/plain"}))
    for key in keys: print(key["AccessKeyId"], key["SecretAccessKey"])
    """
}
