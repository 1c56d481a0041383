internal import CLibuv
internal import Dispatch
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// One libuv loop on a thread of its own, usable as a Swift executor.
///
/// A task started with this loop as its executor preference runs on the loop's thread from its
/// first instruction to its last, so code that owns sockets needs neither locks nor hops.
///
/// `@unchecked Sendable`: everything but `remote` is touched by the loop's own thread alone, which
/// `preconditionOnLoop()` checks at the entrances; `remote` is guarded by a mutex.
package final class EventLoop: TaskExecutor, SerialExecutor, @unchecked Sendable {
  /// Position of this loop in its group, from 0.
  package let index: Int

  let handle: UnsafeMutablePointer<uv_loop_t>
  /// What a socket read is put into before its handler copies what it keeps. One for all streams
  /// of the loop, so that an idle connection holds no buffer.
  let readBuffer: UnsafeMutableRawBufferPointer
  let streams = StreamRegistry()
  let watches = WatchRegistry()

  private let wake: UnsafeMutablePointer<uv_async_t>
  private let prepare: UnsafeMutablePointer<uv_prepare_t>
  private let check: UnsafeMutablePointer<uv_check_t>
  private var thread: pthread_t
  private var jobs: [UnownedJob] = []
  private var running: [UnownedJob] = []
  /// Whether the loop is ending: what is opened from now on would be closed by nobody. Loop-bound.
  package private(set) var isClosing = false
  private let remote = Mutex(Remote())

  private struct Remote {
    var jobs: [UnownedJob] = []
    var calls: [@Sendable () -> Void] = []
    var wakePending = false
    var isStopping = false
    var hasStopped = false
    var stopWaiters: [UnsafeContinuation<Void, Never>] = []
  }

  /// Rounds of newly queued jobs that run before the loop looks at its sockets again.
  private static let roundsBeforePoll = 64

  init(index: Int) {
    self.index = index
    handle = .allocate(capacity: 1)
    wake = .allocate(capacity: 1)
    prepare = .allocate(capacity: 1)
    check = .allocate(capacity: 1)
    readBuffer = .allocate(byteCount: 64 * 1024, alignment: 64)
    thread = pthread_self()
    uv_loop_init(handle)
    // Unretained: `run()` keeps the loop alive for as long as libuv may call back.
    let context = Unmanaged.passUnretained(self).toOpaque()
    handle.pointee.data = context
    uv_async_init(handle, wake) { EventLoop.from($0?.pointee.data)?.runRemote() }
    wake.pointee.data = context
    uv_prepare_init(handle, prepare)
    prepare.pointee.data = context
    uv_prepare_start(prepare) { EventLoop.from($0?.pointee.data)?.runJobs() }
    uv_check_init(handle, check)
    check.pointee.data = context
    uv_check_start(check) { EventLoop.from($0?.pointee.data)?.runJobs() }
  }

  deinit {
    readBuffer.deallocate()
    handle.deallocate()
    wake.deallocate()
    prepare.deallocate()
    check.deallocate()
  }

  // The context pointer was set by `init` from a loop that outlives its handles.
  static func from(_ context: UnsafeMutableRawPointer?) -> EventLoop? {
    context.map { Unmanaged<EventLoop>.fromOpaque($0).takeUnretainedValue() }
  }

  // MARK: Thread

  /// Starts the loop's thread, and returns once the thread is known as the loop's: until then the
  /// caller would take itself for it, and queue work where nobody looks.
  func start() {
    let known = DispatchSemaphore(value: 0)
    let started = LoopThread.start { [self] in run { known.signal() } }
    precondition(started, "the operating system refused a thread for an event loop")
    known.wait()
  }

  private func run(_ threadIsKnown: () -> Void) {
    thread = pthread_self()
    CurrentLoop.set(self)
    threadIsKnown()
    uv_run(handle, UV_RUN_DEFAULT)
    CurrentLoop.set(nil)
    uv_loop_close(handle)
    let waiters = remote.withLock { remote in
      remote.hasStopped = true
      return remote.stopWaiters
    }
    for waiter in waiters { waiter.resume() }
  }

  /// Closes everything that is open on the loop and ends its thread.
  func stop() async {
    let first = remote.withLock { remote in
      let first = !remote.isStopping
      remote.isStopping = true
      return first
    }
    if first { submit { [self] in closeHandles() } }
    await withUnsafeContinuation { (waiter: UnsafeContinuation<Void, Never>) in
      let stopped = remote.withLock { remote in
        if !remote.hasStopped { remote.stopWaiters.append(waiter) }
        return remote.hasStopped
      }
      if stopped { waiter.resume() }
    }
  }

  private func closeHandles() {
    isClosing = true
    streams.closeAll()
    watches.closeAll()
    LoopTimer.closeAll(on: self)
    for raw in [UnsafeMutableRawPointer(wake), UnsafeMutableRawPointer(check)] {
      uv_close(raw.assumingMemoryBound(to: uv_handle_t.self), nil)
    }
    // `prepare` goes last: it runs the jobs that the closing streams have resumed.
    runJobs()
    uv_close(
      UnsafeMutableRawPointer(prepare).assumingMemoryBound(to: uv_handle_t.self), nil)
  }

  // MARK: Place

  /// The loop whose thread this is, if any.
  package static var current: EventLoop? { CurrentLoop.get() }

  /// Whether the caller runs on this loop's thread.
  package var isCurrent: Bool { pthread_equal(pthread_self(), thread) != 0 }

  /// Stops the process when called from another thread: loop-bound state would be torn.
  func preconditionOnLoop() {
    precondition(isCurrent, "loop-bound state used from another thread")
  }

  /// Milliseconds of a monotonic clock, as of the loop's last wake-up.
  package var now: UInt64 { uv_now(handle) }

  /// Nanoseconds of a monotonic clock, read anew.
  package static var nanoseconds: UInt64 { uv_hrtime() }

  // MARK: Executor

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    if isCurrent {
      jobs.append(job)
      return
    }
    let mustWake = remote.withLock { remote in
      remote.jobs.append(job)
      let mustWake = !remote.wakePending
      remote.wakePending = true
      return mustWake
    }
    if mustWake { uv_async_send(wake) }
  }

  package func checkIsolated() { preconditionOnLoop() }

  private func runJobs() {
    var rounds = 0
    while !jobs.isEmpty {
      if rounds == Self.roundsBeforePoll {
        uv_async_send(wake)
        return
      }
      rounds += 1
      swap(&jobs, &running)
      for job in running {
        unsafe job.runSynchronously(on: asUnownedTaskExecutor())
      }
      running.removeAll(keepingCapacity: true)
    }
  }

  private func runRemote() {
    let (newJobs, calls) = remote.withLock { remote in
      remote.wakePending = false
      defer {
        remote.jobs.removeAll(keepingCapacity: true)
        remote.calls.removeAll(keepingCapacity: true)
      }
      return (remote.jobs, remote.calls)
    }
    jobs.append(contentsOf: newJobs)
    for call in calls { call() }
  }

  // MARK: Work

  /// Starts a task on this loop. Called on the loop.
  @discardableResult
  package func spawn(_ body: @escaping () async -> Void) -> Task<Void, Never> {
    preconditionOnLoop()
    // Caller and task share one thread, so nothing crosses an isolation boundary.
    nonisolated(unsafe) let body = body
    return Task(executorPreference: self) { await body() }
  }

  /// Calls `body` on the loop, from any thread; at once if the caller is already there.
  /// After the loop has stopped the call is dropped.
  package func submit(_ body: @escaping @Sendable () -> Void) {
    if isCurrent { return body() }
    let mustWake = remote.withLock { remote in
      guard !remote.hasStopped else { return false }
      remote.calls.append(body)
      let mustWake = !remote.wakePending
      remote.wakePending = true
      return mustWake
    }
    if mustWake { uv_async_send(wake) }
  }

  /// Runs `body` on the loop and hands its result to the caller, who may be on any thread.
  package func run<T: Sendable>(_ body: @escaping @Sendable () async throws -> T) async throws -> T
  {
    let task = Task(executorPreference: self) { try await body() }
    return try await withTaskCancellationHandler {
      try await task.value
    } onCancel: {
      task.cancel()
    }
  }
}
