internal import OpenAIWire

/// The pixels that a simulated provider makes: few, so that drawing takes no time.
struct SimulatedSize {
  let width: Int
  let height: Int

  /// Of the `width` and `height` of an object, or of its `aspect_ratio`.
  init(_ object: JSONSlice?) {
    let parts =
      object?["aspect_ratio"]?.string?.split(separator: ":").compactMap { Double($0) } ?? []
    if parts.count == 2, parts[0] > 0, parts[1] > 0 {
      let scale = 256 / max(parts[0], parts[1])
      width = max(16, Int(parts[0] * scale))
      height = max(16, Int(parts[1] * scale))
    } else {
      width = min(1536, object?["width"]?.int ?? 256)
      height = min(1536, object?["height"]?.int ?? 256)
    }
  }
}
