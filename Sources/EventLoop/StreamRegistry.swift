/// The open streams of a loop, so that their deadlines can be watched by one timer and all of them
/// closed at the end. Loop-bound.
final class StreamRegistry {
  /// How late a deadline may be noticed.
  static let resolution = Duration.milliseconds(100)

  private var streams: [TCPStream] = []
  private var timer: LoopTimer?

  func add(_ stream: TCPStream, on loop: EventLoop) {
    stream.registryIndex = streams.count
    streams.append(stream)
    if timer == nil {
      timer = loop.schedule(after: Self.resolution, repeating: Self.resolution) { [self] in
        sweep(now: loop.now)
      }
    }
  }

  func remove(_ stream: TCPStream) {
    let index = stream.registryIndex
    guard streams.indices.contains(index), streams[index] === stream else { return }
    let last = streams.removeLast()
    if last !== stream {
      streams[index] = last
      last.registryIndex = index
    }
    stream.registryIndex = -1
    if streams.isEmpty {
      timer?.cancel()
      timer = nil
    }
  }

  private func sweep(now: UInt64) {
    // From the end, because a handler that closes its stream moves the last one into its place.
    var index = streams.count - 1
    while index >= 0 {
      if index < streams.count { streams[index].checkDeadline(now: now) }
      index -= 1
    }
  }

  func closeAll() {
    for stream in streams { stream.close() }
  }
}
