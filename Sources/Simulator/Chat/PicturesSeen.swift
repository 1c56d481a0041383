/// The pictures that a model sees in a conversation, counted as the gateway counts them: what users
/// attach, and the gateway's own by their ids, each once.
struct PicturesSeen {
  /// A name for the newest picture: its id, or `image_2`.
  private(set) var newest = "image_1"
  private var count = 0
  private var ids: Set<String> = []

  init(_ messages: [ChatMessage]) {
    for message in messages {
      for id in Self.ids(message.text) where ids.insert(id).inserted {
        count += 1
        newest = id
      }
      for _ in 0..<message.pictures {
        count += 1
        newest = "image_\(count)"
      }
    }
  }

  private static func ids(_ text: String) -> [String] {
    text.split { !($0.isLetter || $0.isNumber || $0 == "_") }
      .filter { $0.hasPrefix("img_") && $0.utf8.count == 36 }.map(String.init)
  }
}
