/// The `generate_image` tool that is offered to chat models.
package struct ImageToolConfiguration: Sendable, Hashable {
  /// Whether the tool exists at all; default true.
  package var enabled = true
  /// What a request gets that does not say: default `auto`.
  package var defaultMode = ImageToolMode.auto
  /// Calls of the chat model for one answer, 1 to 50; the last is without the tool. Default 5.
  package var maxIterations = 5
  /// Pictures in one answer, 1 to 100; default 4.
  package var maxImagesPerRequest = 4
  /// The longest silence on a stream while a picture is made; default 10 s, 1 s to 60 s.
  package var keepAlive = Duration.seconds(10)
  /// The longest arguments of one tool call; default 64 KiB, 1 KiB to 1 MiB.
  package var argumentBytes = ByteCount.kibibytes(64)
  /// The quality of a call that asks for none; default `auto`, which goes by the prompt.
  package var defaultQuality = ImageQuality.auto

  /// The defaults.
  package init() {}
}

/// Whether the tool is offered to the model.
package enum ImageToolMode: String, Sendable, Hashable, CaseIterable {
  /// Offered, and drawn at once.
  case auto
  /// Not offered.
  case off
  /// Offered, and drawn when the user has said yes.
  case confirm
}

/// The tiers of picture models, best first, and the choice by the prompt's words.
package enum ImageQuality: String, Sendable, Hashable, CaseIterable {
  case auto, ultra, high, standard, fast
}
