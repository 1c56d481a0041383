import EventLoop
import Foundation
import Gateway
import Observability
import Simulator

/// `easel demo`: the gateway with simulated providers.
enum Demo {
  static func run(_ options: DemoOptions) async -> Int32 { 0 }
}
