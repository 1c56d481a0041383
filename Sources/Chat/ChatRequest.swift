package import OpenAIWire

/// A body of `POST /v1/chat/completions`, scanned once: the fields that the gateway acts on, and
/// the bytes, which go on as they are but for edits.
///
/// A class, so that handing it on copies nothing.
package final class ChatRequest: Sendable {
  /// The body as it came.
  package let bytes: [UInt8]
  /// Its members, in order.
  package let members: [JSONMember]
  /// The model that is asked for, by the client's name.
  package let model: String
  /// Whether the answer is to be streamed.
  package let isStreamed: Bool
  /// Easel's own options, from the body alone.
  package let options: EaselOptions

  /// Members that the gateway acts on. A second one of the same name would let the upstream read
  /// something else than was checked here.
  private static let actedOn = [
    "model", "stream", "tools", "tool_choice", "n", "stream_options", "messages",
    "response_format", "modalities", "easel",
  ]

  /// - Throws: `OpenAIError` with status 400 that names the field and what to change.
  package init(_ bytes: [UInt8]) throws(OpenAIError) {
    let members: [JSONMember]
    do throws(JSONError) {
      members = try JSONScanner.scanObject(bytes)
    } catch {
      throw .invalidJSON(error)
    }
    self.bytes = bytes
    self.members = members
    if let twice = JSONScanner.duplicates(of: Self.actedOn, in: members, bytes).first {
      throw .invalidRequest(
        "The field '\(twice)' stands twice in the body. Send it once.", param: twice)
    }
    if let variant = Self.caseVariant(in: members, bytes) {
      throw .invalidRequest(
        "The field '\(variant)' must be written in lower case.", param: variant.lowercased())
    }
    func slice(_ name: String) -> JSONSlice? {
      members.named(name, in: bytes).map { JSONSlice($0, in: bytes) }
    }
    guard let model = slice("model")?.string, !model.isEmpty, model.utf8.count <= 512 else {
      throw .invalidRequest(
        "The field 'model' must be the name of a model, a string of 1 to 512 bytes.",
        param: "model")
    }
    guard let messages = slice("messages"), messages.kind == .array else {
      throw .invalidRequest("The field 'messages' must be an array of messages.", param: "messages")
    }
    let stream = slice("stream")
    guard stream == nil || stream?.isNull == true || stream?.bool != nil else {
      throw .invalidRequest("The field 'stream' must be true or false.", param: "stream")
    }
    self.model = model
    isStreamed = stream?.bool ?? false
    options = try EaselOptions(slice("easel"))
  }

  /// A member whose name is that of a field that is acted on, but for its case. Some upstreams take
  /// the one for the other.
  private static func caseVariant(in members: [JSONMember], _ bytes: [UInt8]) -> String? {
    for member in members where bytes[member.key].contains(where: { $0 &- 0x41 < 26 }) {
      let name = member.name(in: bytes)
      if actedOn.contains(name.lowercased()) { return name }
    }
    return nil
  }

  /// The value of a top-level field; nil where it is absent.
  package subscript(name: String) -> JSONSlice? {
    members.named(name, in: bytes).map { JSONSlice($0, in: bytes) }
  }

  /// Whether the client wants usage in its stream.
  package var includesUsage: Bool {
    self["stream_options"]?["include_usage"]?.bool ?? false
  }

  /// The edits that every upstream request needs: the upstream's name for the model, and Easel's
  /// own field taken out.
  package func edits(model upstreamModel: String) -> JSONSplice {
    var splice = JSONSplice(bytes)
    if upstreamModel != model, let value = self["model"] {
      splice.replace(value, with: JSONWriter.string(upstreamModel))
    }
    if let easel = members.named("easel", in: bytes) { splice.delete(easel) }
    return splice
  }
}
