import EventLoop
import Foundation
import HTTP
import TestSupport
import Testing

@testable import Images

@Suite("Pictures in a folder", .bounded, .timeLimit(.minutes(10)))
struct FolderStoreTests {
  /// Runs `body` with a store in a folder of its own.
  private func withStore(
    _ retention: Retention = Retention(),
    _ body: @escaping @Sendable (FolderStore, TestClock, HTTPClient) async throws -> Void
  ) async throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("store-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let clock = TestClock()
    let store = try FolderStore(
      path: folder.path, retention: retention, clock: { clock.seconds })
    try await withClient { client in try await body(store, clock, client) }
  }

  private static func age(_ path: String, by seconds: Double) throws {
    try FileManager.default.setAttributes(
      [.modificationDate: Date().addingTimeInterval(-seconds)], ofItemAtPath: path)
  }

  @Test("a probe finds out whether it takes pictures, and leaves nothing behind")
  func probe() async throws {
    try await withStore { store, _, client in
      func files() throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: store.folder).filter {
          $0.contains("img_")
        }
      }
      try await store.probe(client: client)
      #expect(try files().isEmpty)
      try FileManager.default.removeItem(atPath: store.folder)
      try Data().write(to: URL(fileURLWithPath: store.folder))
      let error = await #expect(throws: StoreError.self) { try await store.probe(client: client) }
      #expect(error?.kind == .unavailable)
    }
  }

  @Test("what is put is got under an id that nobody can guess, and nothing else is")
  func roundTrip() async throws {
    try await withStore { store, _, client in
      let id = try await store.put(.png(), metadata: "{\"a\":\n1}".utf8Array, client: client)
      let other = try await store.put(.webp(), metadata: [], client: client)
      #expect(id != other && PictureName.isValid(id: id))
      let stored = try await store.get(id, client: client)
      #expect(stored?.bytes == GeneratedImage.png().bytes && stored?.format == .png)
      #expect(try await store.get(other, client: client)?.format == .webp)
      #expect(try await store.metadata(id, client: client) == "{\"a\":\n1}".utf8Array)
      #expect(try await store.metadata(other, client: client) == [])
      #expect(try await store.publicURL(id, format: .png) == nil)
      for wrong in [
        "", "img_", "../../etc/passwd", "img_" + String(repeating: "0", count: 32), id + "0",
        id + "/", id.uppercased(), "img_../../../../../../../../../etc/pa",
      ] {
        #expect(try await store.get(wrong, client: client) == nil, "\(wrong)")
        #expect(try await store.metadata(wrong, client: client) == nil, "\(wrong)")
      }
      // Nothing unfinished stays behind.
      let files = try FileManager.default.contentsOfDirectory(atPath: store.subfolder(id))
      #expect(files.filter { $0.hasPrefix(id) }.sorted() == ["\(id).json", "\(id).png"])
    }
  }

  @Test("nothing that is cut, changed, swapped, missing or a link is served")
  func damage() async throws {
    try await withStore { store, _, client in
      let whole = GeneratedImage.png().bytes
      func damaged(
        _ part: PictureName.Part, _ harm: (String) throws -> Void
      ) async throws -> StoredPicture? {
        let id = try await store.put(.png(), metadata: "{}".utf8Array, client: client)
        try harm(store.path(PictureName(id, part)))
        return try await store.get(id, client: client)
      }
      func overwrite(_ bytes: [UInt8]) -> (String) throws -> Void {
        { try Data(bytes).write(to: URL(fileURLWithPath: $0)) }
      }
      let remove = { (path: String) in try FileManager.default.removeItem(atPath: path) }
      let picture = PictureName.Part.picture(.png)
      #expect(try await damaged(picture, { _ in }) != nil)
      #expect(try await damaged(picture, overwrite([])) == nil)
      #expect(try await damaged(picture, overwrite(Array(whole.dropLast()))) == nil)
      #expect(try await damaged(picture, overwrite(whole + [0])) == nil)
      #expect(try await damaged(picture, overwrite(whole.dropLast() + [99])) == nil)
      #expect(try await damaged(picture, remove) == nil)
      #expect(try await damaged(.metadata, overwrite([])) == nil)
      #expect(try await damaged(.metadata, overwrite("{}\n{}".utf8Array)) == nil)
      #expect(try await damaged(.metadata, overwrite("{}".utf8Array)) == nil)
      #expect(try await damaged(.metadata, remove) == nil)
      let linked = try await damaged(picture) { path in
        try Data(whole).write(to: URL(fileURLWithPath: path + ".elsewhere"))
        try remove(path)
        try FileManager.default.createSymbolicLink(
          atPath: path, withDestinationPath: path + ".elsewhere")
      }
      #expect(linked == nil)
      let id = try await store.put(.png(), metadata: "{}".utf8Array, client: client)
      try remove(store.path(PictureName(id, picture)))
      #expect(try await store.metadata(id, client: client) == nil)
    }
  }

  @Test("what is too old is not served, and is deleted with its metadata")
  func ages() async throws {
    try await withStore(Retention(expireAfter: .seconds(600))) { store, clock, client in
      let old = try await store.put(.png(), metadata: "{}".utf8Array, client: client)
      let new = try await store.put(.png(), metadata: "{}".utf8Array, client: client)
      try Self.age(store.path(PictureName(old, .picture(.png))), by: 700)
      #expect(try await store.get(old, client: client) == nil)
      #expect(try await store.metadata(old, client: client) == nil)
      #expect(try await store.get(new, client: client) != nil)
      #expect(
        await store.sweep(client: client) == SweepReport(pictures: 1, bytes: 1000, leftovers: 0))
      #expect(!FileManager.default.fileExists(atPath: store.path(PictureName(old, .metadata))))
      #expect(!FileManager.default.fileExists(atPath: store.path(PictureName(old, .picture(.png)))))
      #expect(try await store.get(new, client: client) != nil)
      clock.advance(by: 700)
      #expect(try await store.get(new, client: client) == nil)
      #expect(await store.sweep(client: client).pictures == 1)
      #expect(await store.sweep(client: client) == SweepReport())
    }
  }

  @Test("the oldest go first where there is too much, and foreign files count for nothing")
  func sizes() async throws {
    try await withStore(Retention(maxBytes: 2500)) { store, _, client in
      var ids: [String] = []
      for index in 0..<5 {
        let id = try await store.put(.png(), metadata: "{}".utf8Array, client: client)
        // The first is the newest.
        try Self.age(store.path(PictureName(id, .picture(.png))), by: Double(100 + 10 * index))
        ids.append(id)
      }
      let place = store.subfolder(ids[0])
      let number = String(ids[0].dropFirst(4))
      let foreign = [
        "\(store.folder)/notes.txt", "\(place)/photo.png", "\(place)/img_\(number).txt",
        "\(store.folder)/\(ids[0]).png", "\(place)/img_short.png",
        "\(store.folder)/zz/\(ids[0]).png",
      ]
      try FileManager.default.createDirectory(
        atPath: "\(store.folder)/zz", withIntermediateDirectories: true)
      for path in foreign {
        try Data(repeating: 1, count: 5000).write(to: URL(fileURLWithPath: path))
        try Self.age(path, by: 1_000_000)
      }
      #expect(
        await store.sweep(client: client) == SweepReport(pictures: 3, bytes: 3000, leftovers: 0))
      for (index, id) in ids.enumerated() {
        #expect((try await store.get(id, client: client) != nil) == (index < 2), "\(index)")
        let sidecar = store.path(PictureName(id, .metadata))
        #expect(FileManager.default.fileExists(atPath: sidecar) == (index < 2))
      }
      for path in foreign { #expect(FileManager.default.fileExists(atPath: path), "\(path)") }
      #expect(await store.sweep(client: client) == SweepReport())
    }
  }

  @Test("what a crash has left is removed after an hour, and not before")
  func leftovers() async throws {
    try await withStore { store, _, client in
      let kept = try await store.put(.png(), metadata: "{}".utf8Array, client: client)
      let crashed = PictureName.newID()
      let place = store.subfolder(crashed)
      try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
      let left = [
        store.path(PictureName(crashed, .metadata)),
        store.path(PictureName(crashed, .picture(.png))) + StoreFile.partialSuffix,
      ]
      let foreign = "\(place)/report.json\(StoreFile.partialSuffix)"
      for path in left + [foreign] {
        try Data("{}".utf8).write(to: URL(fileURLWithPath: path))
        try Self.age(path, by: 3000)
      }
      try Self.age(store.path(PictureName(kept, .metadata)), by: 100_000)
      #expect(try await store.get(crashed, client: client) == nil)
      #expect(try await store.metadata(crashed, client: client) == nil)
      #expect(await store.sweep(client: client) == SweepReport())
      for path in left + [foreign] { try Self.age(path, by: 4000) }
      #expect(await store.sweep(client: client) == SweepReport(leftovers: 2))
      for path in left { #expect(!FileManager.default.fileExists(atPath: path)) }
      #expect(FileManager.default.fileExists(atPath: foreign))
      #expect(try await store.get(kept, client: client) != nil)
    }
  }

  @Test("a folder that cannot be used is told at once, and one that vanishes when it is needed")
  func unusable() async throws {
    let file = FileManager.default.temporaryDirectory
      .appendingPathComponent("store-\(UUID().uuidString)")
    try Data().write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let error = #expect(throws: StoreError.self) { _ = try FolderStore(path: file.path) }
    #expect(error?.kind == .misconfigured && error?.message.contains(file.path) == true)
    try await withStore { store, _, client in
      try FileManager.default.removeItem(atPath: store.folder)
      try Data().write(to: URL(fileURLWithPath: store.folder))
      let error = await storeError {
        try await store.put(.png(), metadata: [], client: client)
      }
      #expect(error?.kind == .unavailable)
      #expect(await store.sweep(client: client) == SweepReport())
    }
  }
}
