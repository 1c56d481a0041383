/// What a call of one of the gateway's tools asks for.
package enum PictureOrder: Sendable {
  case draw(ImageArguments)
  case edit(EditArguments)

  /// - Parameter pictures: those that the model knew when it made the call.
  init(
    _ call: ToolCall, _ pictures: ConversationPictures, _ limits: ToolLimits
  ) throws(InvalidArguments) {
    switch ImageTool(rawValue: call.name) {
    case .edit: self = .edit(try EditArguments(call.arguments, pictures, limits))
    case .generate, nil: self = .draw(try ImageArguments(call.arguments, limits))
    }
  }

  var prompt: String {
    switch self {
    case .draw(let arguments): arguments.prompt
    case .edit(let arguments): arguments.prompt
    }
  }

  /// Pictures, 1 to 4.
  var count: Int {
    switch self {
    case .draw(let arguments): arguments.count
    case .edit(let arguments): arguments.count
    }
  }

  /// Has it made, or proposes it to the user first.
  func carryOut(_ maker: any PictureMaker, confirms: Bool) async -> PictureResult {
    switch (self, confirms) {
    case (.draw(let arguments), false): await maker.draw(arguments)
    case (.draw(let arguments), true): await maker.propose(arguments)
    case (.edit(let arguments), false): await maker.edit(arguments)
    case (.edit(let arguments), true): await maker.propose(arguments)
    }
  }
}
