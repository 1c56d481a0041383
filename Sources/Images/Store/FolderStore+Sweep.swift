internal import FoundationEssentials
package import HTTP

extension FolderStore {
  /// Only files whose names this store gives are looked at; everything else is left alone.
  package func sweep(client: HTTPClient) async -> SweepReport {
    var report = SweepReport()
    let now = clock()
    var plan = RetentionPlan(retention, now: now)
    do throws(StoreError) {
      // One subfolder at a time, so that requests get their turn on the thread pool.
      for number in 0..<256 {
        guard !Task.isCancelled else { return report }
        let name = (number < 16 ? "0" : "") + String(number, radix: 16)
        let contents = try await onDisk(client) { tidy(name, now: now) }
        for entry in contents.pictures { plan.add(entry) }
        report.leftovers += contents.leftovers
      }
      var doomed = plan.doomed()[...]
      while !doomed.isEmpty && !Task.isCancelled {
        let some = Array(doomed.prefix(64))
        doomed = doomed.dropFirst(64)
        let deleted = try await onDisk(client) { some.filter(delete) }
        report.pictures += deleted.count
        report.bytes += deleted.reduce(0) { $0 + $1.bytes }
        guard deleted.count == some.count else {
          throw StoreError(.unavailable, "a picture's file cannot be deleted")
        }
      }
    } catch {
      report.failure = error
    }
    return report
  }

  private func delete(_ entry: RetentionPlan.Entry) -> Bool {
    StoreFile.remove(path(PictureName(entry.id, .picture(entry.format))))
      && StoreFile.remove(path(PictureName(entry.id, .metadata)))
  }

  /// Lists the pictures of a subfolder, and deletes what interrupted writes and deletions have left
  /// in it.
  private func tidy(_ name: String, now: Int) -> (pictures: [RetentionPlan.Entry], leftovers: Int) {
    let place = "\(folder)/\(name)"
    guard StoreFile.status(place)?.isFolder == true,
      let files = try? FileManager.default.contentsOfDirectory(atPath: place)
    else { return ([], 0) }
    var pictures: [String: RetentionPlan.Entry] = [:]
    var sidecars: [String] = []
    var leftovers = 0
    func isLeft(_ status: StoreFile.Status) -> Bool {
      now * 1000 - status.written > StoreLimit.leftoverAge * 1000
    }
    for file in files {
      let isPartial = file.hasSuffix(StoreFile.partialSuffix)
      let whole = isPartial ? file.dropLast(StoreFile.partialSuffix.count) : file[...]
      guard let parsed = PictureName(whole), parsed.id.dropFirst(4).hasPrefix(name),
        let status = StoreFile.status("\(place)/\(file)"), status.isFile
      else { continue }
      if isPartial {
        if isLeft(status) && StoreFile.remove("\(place)/\(file)") { leftovers += 1 }
        continue
      }
      switch parsed.part {
      case .picture(let format):
        pictures[parsed.id] = RetentionPlan.Entry(
          id: parsed.id, format: format, bytes: status.bytes, written: status.written)
      case .metadata: if isLeft(status) { sidecars.append(parsed.id) }
      }
    }
    for id in sidecars where pictures[id] == nil {
      if StoreFile.remove(path(PictureName(id, .metadata))) { leftovers += 1 }
    }
    return (Array(pictures.values), leftovers)
  }
}
