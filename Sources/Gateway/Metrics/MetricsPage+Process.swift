internal import HTTP
internal import Observability

/// What is to be known of the process, whatever it is asked for.
extension MetricsPage {
  func connections(_ writer: inout MetricsWriter) {
    let statistics = shared.serverStatistics
    writer.family("easel_connections", .gauge, "Connections of clients that are open")
    writer.value(statistics.openConnections)
    writer.family(
      "easel_connections_refused", .counter, "Connections beyond limits.connections")
    writer.value(statistics.refusedConnections)
    writer.family(
      "easel_requests_unreadable", .counter,
      "Requests without a route: their head was malformed, too long or too slow")
    writer.value(statistics.unreadableRequests)
  }

  func log(_ writer: inout MetricsWriter) {
    writer.family("easel_log_lines_dropped", .counter, "Log lines that were not written")
    writer.value(logger.droppedLines)
  }

  static func loops(_ figures: LoopMetrics.Figures, _ writer: inout MetricsWriter) {
    writer.family("easel_loop_lag_seconds", .histogram, "How late an event loop's timers were")
    for (index, lag) in figures.lag.sorted(by: { $0.key < $1.key }) {
      writer.histogram([("loop", "\(index)")], lag)
    }
  }

  static func process(
    _ process: ProcessStatistics, _ writer: inout MetricsWriter
  ) {
    func gauge(_ name: String, _ help: String, _ value: Int?) {
      guard let value else { return }
      writer.family("process_\(name)", .gauge, help)
      writer.value(value)
    }
    gauge("resident_memory_bytes", "Memory in use", process.residentBytes)
    gauge("virtual_memory_bytes", "Memory reserved", process.virtualBytes)
    gauge("open_fds", "Open file descriptors", process.openFiles)
    gauge("max_fds", "File descriptors that may be open", process.maximumFiles)
    if let seconds = process.cpuSeconds {
      writer.family("process_cpu_seconds", .counter, "CPU time, of user and system")
      writer.value(seconds)
    }
    if let time = process.startTime {
      writer.family("process_start_time_seconds", .gauge, "When the process began, since 1970")
      writer.value(time)
    }
  }
}
