import EventLoop
import Foundation
import HTTP
import Observability

@testable import Images

/// A real `moto` server, which speaks S3 and checks signatures where it is told to.
final class MotoServer: @unchecked Sendable {
  // Foundation's Process is started and ended by one test.
  private let process = Process()
  private(set) var port = 0
  private(set) var key = S3Credentials(
    accessKeyID: Secret("testing"), secretKey: Secret("testing"))
  /// A key that is known and may do nothing, where signatures are checked.
  private(set) var powerlessKey = S3Credentials(accessKeyID: Secret(""), secretKey: Secret(""))

  var endpoint: String { "http://127.0.0.1:\(port)" }

  /// Starts a server at a port of the system's choice, with the bucket `pictures` in it.
  /// - Parameter checksSignatures: whether each request must be signed with `key`, which may use S3.
  static func start(checksSignatures: Bool = false) async throws -> MotoServer {
    let server = MotoServer()
    let python = try PythonClient.interpreter(having: "moto")
    server.process.executableURL = python
    server.process.arguments = ["-I", "-u", "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
    server.process.environment = PythonClient.environment
    let pipe = Pipe()
    server.process.standardOutput = pipe
    server.process.standardError = pipe
    try server.process.run()
    do {
      server.port = try await port(from: pipe.fileHandleForReading)
      let answer = try await server.python(
        checksSignatures ? setup + restriction : setup, [server.endpoint])
      let words = answer.split(whereSeparator: \.isWhitespace).map(String.init)
      if checksSignatures {
        guard words.count == 4 else { throw ToolError("moto gave no keys: \(answer)") }
        let secrets = words.map { Secret($0) }
        server.key = S3Credentials(accessKeyID: secrets[0], secretKey: secrets[1])
        server.powerlessKey = S3Credentials(accessKeyID: secrets[2], secretKey: secrets[3])
      }
    } catch {
      server.stop()
      throw error
    }
    return server
  }

  /// Reads the port from the server's first lines, and everything else so that it never blocks.
  private static func port(from output: FileHandle) async throws -> Int {
    try await withCheckedThrowingContinuation { done in
      DispatchQueue.global().async {
        var text = ""
        var isDone = false
        while case let data = output.availableData, !data.isEmpty {
          guard !isDone else { continue }
          text += String(decoding: data, as: UTF8.self)
          guard let found = text.firstMatch(of: /Running on http:\/\/127\.0\.0\.1:(\d+)\s/),
            let port = Int(found.1)
          else { continue }
          isDone = true
          done.resume(returning: port)
        }
        if !isDone { done.resume(throwing: ToolError("moto does not start: \(text)")) }
      }
    }
  }

  func stop() {
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
  }

  /// Runs Python with boto3: a client that owes nothing to ours.
  /// - Returns: what it prints.
  func python(_ script: String, _ arguments: [String] = []) async throws -> String {
    try await PythonClient.run(script, arguments)
  }

  /// A script about the bucket: `s3` is a boto3 client, `arguments` what follows.
  func boto(_ script: String, _ arguments: [String] = []) async throws -> String {
    let start = """
      import sys, boto3, json, hashlib
      endpoint, key, secret, *arguments = sys.argv[1:]
      s3 = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1",
          aws_access_key_id=key, aws_secret_access_key=secret)

      """
    return try await PythonClient.run(
      start + script,
      [endpoint, key.accessKeyID.reveal(), key.secretKey.reveal()] + arguments)
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

/// The Python environment that `config/setup test` makes.
enum PythonClient {
  /// Without proxies, and without the credentials and settings of whoever runs the tests.
  static let environment = ["PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LANG": "C.UTF-8"]

  static func interpreter(having module: String) throws -> URL {
    var root = URL(fileURLWithPath: #filePath)
    for _ in 0..<3 { root.deleteLastPathComponent() }
    let python = root.appendingPathComponent(".venv/bin/python3")
    guard FileManager.default.isExecutableFile(atPath: python.path) else {
      throw ToolError("There is no .venv with the test tools. Run: config/setup test")
    }
    let library = root.appendingPathComponent(".venv/lib")
    let folders = try FileManager.default.contentsOfDirectory(atPath: library.path)
    let isThere = folders.contains {
      FileManager.default.fileExists(
        atPath: library.appendingPathComponent("\($0)/site-packages/\(module)").path)
    }
    guard isThere else {
      throw ToolError("There is no \(module) in .venv. Run: config/setup test")
    }
    return python
  }

  /// Runs a script to its end.
  /// - Returns: what it prints.
  static func run(_ script: String, _ arguments: [String] = []) async throws -> String {
    let process = Process()
    process.executableURL = try interpreter(having: "boto3")
    process.arguments = ["-I", "-c", script] + arguments
    process.environment = environment
    let output = Pipe()
    let errors = Pipe()
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    return try await withCheckedThrowingContinuation { done in
      DispatchQueue.global().async {
        let text = String(
          decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let trace = String(
          decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        if process.terminationStatus == 0 {
          done.resume(returning: text)
        } else {
          done.resume(throwing: ToolError("Python failed: \(trace)"))
        }
      }
    }
  }
}

struct ToolError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
