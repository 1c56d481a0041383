internal import CLibuv
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The event loops of a process, one per core unless told otherwise.
package final class EventLoopGroup: Sendable {
  /// The loops, in the order of their `index`.
  package let loops: [EventLoop]
  private let turn = Atomic<Int>(0)

  /// Starts `count` loops (at least one), each on a thread of its own.
  package init(count: Int = EventLoopGroup.coreCount) {
    // A write to a socket whose peer has gone must be an error to handle, not the process's end.
    signal(SIGPIPE, SIG_IGN)
    loops = (0..<max(1, count)).map(EventLoop.init(index:))
    for loop in loops { loop.start() }
  }

  /// The processors that this process may use.
  package static var coreCount: Int { Int(uv_available_parallelism()) }

  /// One loop after the other, for work that belongs to no connection.
  package func next() -> EventLoop {
    let turn = turn.wrappingAdd(1, ordering: .relaxed).oldValue
    return loops[Int(UInt(bitPattern: turn) % UInt(loops.count))]
  }

  /// Closes every listener, stream, timer and signal watch of every loop and ends their threads.
  package func shutdown() async {
    for loop in loops { await loop.stop() }
  }
}
