internal import EventLoop

/// The time of day.
enum Clock {
  static var seconds: Int { WallClock.seconds }
}
