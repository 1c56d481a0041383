internal import State

/// What a breaker is about: one model of one provider.
package struct BreakerKey: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// What is asked of a provider.
  package enum Kind: String, Sendable, Hashable, CaseIterable {
    /// Pictures.
    case image
    /// Chats, and the rest of what is relayed.
    case chat
  }

  /// What is asked of the provider.
  package let kind: Kind
  /// The operator's name of the provider or upstream.
  package let provider: String
  /// The model; `*` stands for all those of a provider that nobody has listed.
  package let model: String

  /// The key of a provider's model.
  package init(_ kind: Kind, provider: String, model: String) {
    self.kind = kind
    self.provider = provider
    self.model = model
  }

  /// `image/openai/dall-e-3`: for logs, metrics and the health page.
  package var description: String { "\(kind.rawValue)/\(provider)/\(model)" }

  package static func < (a: BreakerKey, b: BreakerKey) -> Bool { a.description < b.description }

  // MARK: In a store

  static let groupPrefix = "breaker:"
  static let stateName = "state"

  /// What is stored of the breaker, besides its counts.
  var stateKey: StateKey { StateKey(group: group, name: Self.stateName) }

  /// The counts of one of its states. Each state has counts of its own, so that what led to an
  /// opening is over with it.
  /// - Parameter partLength: of the window's parts, in milliseconds. Gateways with other settings
  ///   number them otherwise.
  func windowKey(_ epoch: Epoch, partLength: Int64) -> StateKey {
    StateKey(group: group, name: "counts:\(epoch.generation).\(epoch.number):\(partLength)")
  }

  /// Names are the operator's own, and long or strange ones must not break a store's rules.
  var group: String {
    var text = ""
    for byte in description.utf8 {
      switch byte {
      case UInt8(ascii: "%"), UInt8(ascii: "{"), UInt8(ascii: "}"), 0...0x20, 0x7F...:
        text += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
      default: text.unicodeScalars.append(Unicode.Scalar(byte))
      }
    }
    return Self.groupPrefix + Self.bounded(text)
  }

  private static let longest = 400

  /// Of a name that is too long the end is replaced by a hash of all of it (FNV-1a).
  private static func bounded(_ text: String) -> String {
    guard text.utf8.count > longest else { return text }
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return String(text.prefix(longest)) + "~" + String(hash, radix: 16)
  }
}
