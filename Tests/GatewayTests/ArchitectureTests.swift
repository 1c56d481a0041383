import Foundation
import Testing

/// Holds the sources to the design: dependencies point downwards, each C library has one user, and
/// unsafe code stays where it belongs.
@Suite("Architecture")
struct ArchitectureTests {
  /// The modules, lowest first. A module imports only what stands before it, and of one line only
  /// what is listed.
  static let layers: [(module: String, mayImport: Set<String>)] = [
    ("EventLoop", ["CLibuv", "COpenSSL"]),
    ("HTTP", ["EventLoop"]),
    ("OpenAIWire", []),
    ("Observability", []),
    ("State", ["EventLoop", "Observability", "CHiredis", "CSQLite"]),
    ("Resilience", ["EventLoop", "State", "Observability"]),
    ("Images", ["EventLoop", "HTTP", "OpenAIWire", "Observability", "Resilience", "COpenSSL"]),
    ("Chat", ["EventLoop", "HTTP", "OpenAIWire", "Observability", "Resilience"]),
    ("ToolLoop", ["EventLoop", "HTTP", "OpenAIWire", "Observability", "Chat", "Images"]),
    ("Simulator", ["EventLoop", "HTTP", "OpenAIWire", "CZlib"]),
    (
      "Gateway",
      [
        "EventLoop", "HTTP", "OpenAIWire", "Observability", "State", "Resilience", "Chat", "Images",
        "ToolLoop", "CYAML",
      ]
    ),
    ("easel", ["EventLoop", "HTTP", "Observability", "Gateway", "Simulator"]),
  ]

  /// Of the system and of Swift itself.
  static let platform: Set<String> = [
    "Dispatch", "Foundation", "FoundationEssentials", "Glibc", "Musl", "Darwin", "Synchronization",
  ]

  static let sources = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Sources")

  static func files(of module: String) throws -> [(path: String, text: String)] {
    let folder = sources.appendingPathComponent(module)
    let names = try #require(FileManager.default.enumerator(atPath: folder.path))
    return try names.compactMap { $0 as? String }.filter { $0.hasSuffix(".swift") }.map {
      (
        "\(module)/\($0)",
        try String(contentsOf: folder.appendingPathComponent($0), encoding: .utf8)
      )
    }
  }

  @Test("every module is known, and imports only what stands below it", arguments: layers)
  func imports(module: String, mayImport: Set<String>) throws {
    let files = try Self.files(of: module)
    #expect(!files.isEmpty, "there is no module \(module)")
    for file in files {
      for line in file.text.split(separator: "\n") {
        let words = line.split(separator: " ")
        guard let at = words.firstIndex(of: "import"), at <= 1, at + 1 < words.count,
          at == 0 || ["internal", "package", "public", "private", "@testable"].contains(words[0])
        else { continue }
        let name = String(words[at + 1])
        #expect(
          mayImport.contains(name) || Self.platform.contains(name), "\(file.path) imports \(name)")
      }
    }
  }

  @Test("there are no modules but the known ones")
  func modules() throws {
    let known = Set(Self.layers.map(\.module))
    let found = try FileManager.default.contentsOfDirectory(atPath: Self.sources.path)
    #expect(Set(found.filter { !$0.hasPrefix("C") || known.contains($0) }) == known)
  }

  @Test("unsafe code stays in the event loop and the glue to C", arguments: layers.map(\.module))
  func unsafeCode(module: String) throws {
    let words = [
      "UnsafeMutablePointer", "UnsafeRawPointer", "Unmanaged", "unsafeBitCast", "@unchecked",
      "withUnsafe", "nonisolated(unsafe)", "try!", "fatalError(",
    ]
    for file in try Self.files(of: module) where !Self.mayBeUnsafe(file.path) {
      for word in words where file.text.contains(word) {
        Issue.record("\(file.path) has \(word)")
      }
    }
  }

  /// The event loop; the scanners of `OpenAIWire`, which say why at each use; and the files around a
  /// C library.
  static func mayBeUnsafe(_ path: String) -> Bool {
    path.hasPrefix("EventLoop/") || path.hasPrefix("OpenAIWire/")
      || [
        "Gateway/Configuration/YAMLEventReader.swift", "Simulator/Images/Deflate.swift",
        "Observability/LogDescriptor.swift", "HTTP/Message/ByteBuffer.swift",
        "State/SQLite/SQLiteDatabase.swift", "State/Redis/RedisReader.swift",
        "Images/Store/StoreFile.swift", "Images/Store/Digest.swift",
      ].contains(path)
  }
}
