internal import FoundationEssentials

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// What the operating system says of this process; what it does not tell is nil. Reads small files:
/// not for an event loop.
package struct ProcessStatistics: Sendable {
  package var residentBytes: Int?
  package var virtualBytes: Int?
  package var cpuSeconds: Double?
  package var openFiles: Int?
  package var maximumFiles: Int?
  /// Seconds since 1970.
  package var startTime: Double?

  /// As of now.
  package init() {
    var usage = rusage()
    if getrusage(Self.own, &usage) == 0 {
      cpuSeconds = Self.seconds(usage.ru_utime) + Self.seconds(usage.ru_stime)
    }
    var limit = rlimit()
    if getrlimit(Self.files, &limit) == 0 { maximumFiles = Int(clamping: limit.rlim_cur) }
    #if os(Linux)
    readProc()
    #endif
  }

  #if canImport(Glibc)
  private static let own = Int32(RUSAGE_SELF.rawValue)
  private static let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
  #else
  private static let own = RUSAGE_SELF
  private static let files = RLIMIT_NOFILE
  #endif

  private static func seconds(_ time: timeval) -> Double {
    Double(time.tv_sec) + Double(time.tv_usec) / 1e6
  }

  #if os(Linux)
  /// https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
  private mutating func readProc() {
    openFiles = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd"))?.count
    guard let data = FileManager.default.contents(atPath: "/proc/self/stat") else { return }
    let text = String(decoding: data, as: UTF8.self)
    // The name stands in brackets and may hold anything; the fields follow its end.
    guard let end = text.lastIndex(of: ")") else { return }
    let fields = text[text.index(after: end)...].split(separator: " ")
    guard fields.count > 21 else { return }
    virtualBytes = Int(fields[20])
    residentBytes = Int(fields[21]).map { $0 * Int(sysconf(Int32(_SC_PAGESIZE))) }
    guard let ticks = Double(fields[19]), let boot = Self.bootTime else { return }
    startTime = boot + ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
  }

  private static var bootTime: Double? {
    let data = FileManager.default.contents(atPath: "/proc/stat") ?? Data()
    let line = String(decoding: data, as: UTF8.self).split(separator: "\n")
      .first { $0.hasPrefix("btime ") }
    return line.flatMap { Double($0.dropFirst(6)) }
  }
  #endif
}
