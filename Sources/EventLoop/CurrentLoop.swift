internal import CLibuv

/// The loop of the calling thread, kept in a thread-local slot.
enum CurrentLoop {
  // Created once, by the first use, and only read afterwards.
  nonisolated(unsafe) private static let key: UnsafeMutablePointer<uv_key_t> = {
    let key = UnsafeMutablePointer<uv_key_t>.allocate(capacity: 1)
    uv_key_create(key)
    return key
  }()

  // Unretained: the slot is cleared before the loop's thread ends.
  static func set(_ loop: EventLoop?) {
    uv_key_set(key, loop.map { Unmanaged.passUnretained($0).toOpaque() })
  }

  static func get() -> EventLoop? { EventLoop.from(uv_key_get(key)) }
}
