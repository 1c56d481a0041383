import EventLoop
import Foundation
import HTTP
import Synchronization

@testable import Images

/// Runs `body` on a loop with a client.
func withClient(_ body: @escaping @Sendable (HTTPClient) async throws -> Void) async throws {
  let group = EventLoopGroup(count: 1)
  let loop = group.loops[0]
  do {
    try await loop.run {
      let client = HTTPClient(loop: loop, tls: try TLSContext(client: nil))
      defer { client.closeIdleConnections() }
      try await body(client)
    }
  } catch {
    await group.shutdown()
    throw error
  }
  await group.shutdown()
}

/// Runs `body` on a loop with a client and a `moto` server.
func withMoto(
  checksSignatures: Bool = false,
  _ body: @escaping @Sendable (MotoServer, HTTPClient) async throws -> Void
) async throws {
  let moto = try await MotoServer.start(checksSignatures: checksSignatures)
  defer { moto.stop() }
  try await withClient { client in try await body(moto, client) }
}

/// The error that `body` throws.
func storeError<R>(_ body: () async throws -> R) async -> StoreError? {
  do {
    _ = try await body()
    return nil
  } catch {
    return error as? StoreError
  }
}

/// A clock that a test moves.
final class TestClock: Sendable {
  private let offset = Mutex(0)
  var seconds: Int { WallClock.seconds + offset.withLock { $0 } }
  func advance(by seconds: Int) { offset.withLock { $0 += seconds } }
}

extension GeneratedImage {
  static let pngHead: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  /// What begins like a PNG file and has so many bytes.
  static func png(_ count: Int = 1000) -> GeneratedImage {
    let rest = (0..<(count - pngHead.count)).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    return GeneratedImage(bytes: pngHead + rest, format: .png, revisedPrompt: nil)
  }

  static func webp(_ count: Int = 500) -> GeneratedImage {
    let head = Array("RIFF\u{0}\u{0}\u{0}\u{0}WEBP".utf8)
    let rest = [UInt8](repeating: 7, count: count - head.count)
    return GeneratedImage(bytes: head + rest, format: .webp, revisedPrompt: nil)
  }
}

extension String {
  var utf8Array: [UInt8] { Array(utf8) }
}
