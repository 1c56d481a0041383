package import OpenAIWire

/// The members of a chat request that the gateway acts on, each found once.
package struct ChatRequestFields: Sendable {
  private var members: InlineArray<11, JSONMember?> = .init(repeating: nil)

  /// The name of such a member.
  package enum Name: Int, Sendable, CaseIterable {
    case model, messages, stream, tools, toolChoice, functions, n, streamOptions, responseFormat
    case modalities, easel

    /// As it stands in a body.
    package var text: String {
      switch self {
      case .model: "model"
      case .messages: "messages"
      case .stream: "stream"
      case .tools: "tools"
      case .toolChoice: "tool_choice"
      case .functions: "functions"
      case .n: "n"
      case .streamOptions: "stream_options"
      case .responseFormat: "response_format"
      case .modalities: "modalities"
      case .easel: "easel"
      }
    }

    fileprivate static let texts = allCases.map(\.text)
  }

  /// Finds them among the members of a body.
  /// - Throws: `OpenAIError` with status 400 for one that stands twice, by which the upstream could
  ///   read something else than was checked here, and for one in another case, which some upstreams
  ///   take for the one in lower case.
  package init(_ members: [JSONMember], in bytes: [UInt8]) throws(OpenAIError) {
    for member in members {
      if let name = Self.name(of: member, in: bytes) {
        guard self.members[name.rawValue] == nil else {
          throw .invalidRequest(
            "The field '\(name.text)' stands twice in the body. Send it once.", param: name.text)
        }
        self.members[name.rawValue] = member
      } else if member.keyHasEscapes || bytes[member.key].contains(where: { $0 &- 0x41 < 26 }) {
        try Self.checkCase(of: member.name(in: bytes))
      }
    }
  }

  package subscript(name: Name) -> JSONMember? { members[name.rawValue] }

  private static func name(of member: JSONMember, in bytes: [UInt8]) -> Name? {
    Name.texts.firstIndex { member.isNamed($0, in: bytes) }.flatMap(Name.init)
  }

  private static func checkCase(of name: String) throws(OpenAIError) {
    let lower = name.lowercased()
    guard Name.texts.contains(lower) else { return }
    throw .invalidRequest("The field '\(name)' must be written in lower case.", param: lower)
  }
}
