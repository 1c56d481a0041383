/// Told of the calls that chat models make of the gateway's tools, for metrics. Called on a loop; does
/// not block.
package protocol ToolObserver: Sendable {
  /// A call is over.
  func toolCall(_ tool: ImageTool, _ result: ToolCallResult)
}

/// What came of a call, in a word.
package enum ToolCallResult: String, Sendable, Hashable, CaseIterable {
  /// There are pictures.
  case made
  /// The user is asked first.
  case proposed
  /// The content is against a provider's policy.
  case refused
  /// The arguments make no sense, too many pictures are asked for, or nobody could make them.
  case failed
  /// The client has left.
  case cancelled
}

extension PictureResult {
  var word: ToolCallResult {
    switch self {
    case .made: .made
    case .proposed: .proposed
    case .failed(_, isRefusal: true): .refused
    case .failed: Task.isCancelled ? .cancelled : .failed
    }
  }
}

/// An observer that looks away.
package struct NoToolObserver: ToolObserver {
  package init() {}
  package func toolCall(_ tool: ImageTool, _ result: ToolCallResult) {}
}
