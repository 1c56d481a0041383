internal import OpenAIWire

/// The account of what was drawn that an answer in one piece carries, `message.easel`: clients send
/// messages back as they got them, and servers such as Groq and Mistral refuse one with a member that
/// they don't know.
enum MessageAccount {
  /// - Throws: `OpenAIError`, where there are more of them than are taken out of one request.
  static func strip(
    _ messages: JSONSlice, _ edits: inout JSONSplice
  ) throws(OpenAIError) {
    guard messages.raw.contains("\"easel\"") else { return }
    for message in messages.elements where message["role"]?.isString("assistant") == true {
      for member in message.entries where member.isNamed("easel", in: message.bytes) {
        edits.delete(member)
        try PictureHistory.checkCount(edits)
      }
    }
  }
}
