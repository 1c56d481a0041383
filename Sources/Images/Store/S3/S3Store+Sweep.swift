package import HTTP

extension S3Store {
  /// Lists, and deletes one by one. Where nothing is to be deleted ever, nothing is listed.
  package func sweep(client: HTTPClient) async -> SweepReport {
    var report = SweepReport()
    guard !retention.isUnlimited else { return report }
    do throws(StoreError) {
      let (plan, suspects) = try await survey(client)
      for entry in plan.doomed() {
        try await delete(PictureName(entry.id, .picture(entry.format)), client)
        report.pictures += 1
        report.bytes += entry.bytes
        try await delete(PictureName(entry.id, .metadata), client)
      }
      for id in suspects where try await isOrphan(id, client) {
        try await delete(PictureName(id, .metadata), client)
        report.leftovers += 1
      }
    } catch {
      if error.kind != .cancelled { report.failure = error }
    }
    return report
  }

  /// The most pages of a list, 1000 objects each.
  private static let pages = 100_000
  /// The most orphans that one sweep looks into.
  private static let suspects = 1000

  /// Reads the whole list: what there is, and whose metadata seems to stand alone.
  private func survey(
    _ client: HTTPClient
  ) async throws(StoreError) -> (RetentionPlan, suspects: [String]) {
    let now = clock()
    var plan = RetentionPlan(retention, now: now)
    var suspects: [String] = []
    // Lists come in the order of keys, in which a picture stands beside its metadata.
    var alone: String?
    var lastPicture = ""
    var token: String?
    for _ in 0..<Self.pages {
      let page = try await list("img_", client, from: token)
      for object in page.objects {
        guard let name = name(object) else { continue }
        switch name.part {
        case .picture(let format):
          plan.add(
            RetentionPlan.Entry(
              id: name.id, format: format, bytes: object.bytes, written: object.written))
          lastPicture = name.id
          if alone == name.id { alone = nil }
        case .metadata:
          if let alone { suspects.append(alone) }
          let isOld = now * 1000 - object.written > StoreLimit.leftoverAge * 1000
          alone = isOld && lastPicture != name.id && suspects.count < Self.suspects ? name.id : nil
        }
      }
      guard let next = page.next, next != token else { break }
      token = next
    }
    if let alone { suspects.append(alone) }
    return (plan, suspects)
  }

  /// Asked anew before anything is deleted: not every store keeps the order, and the list is older
  /// than this moment.
  private func isOrphan(_ id: String, _ client: HTTPClient) async throws(StoreError) -> Bool {
    try await !list("\(id).", client).objects.contains { object in
      guard let name = name(object), name.id == id, case .picture = name.part else { return false }
      return true
    }
  }
}
