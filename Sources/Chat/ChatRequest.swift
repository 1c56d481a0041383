package import OpenAIWire

/// A body of `POST /v1/chat/completions`, scanned once: the fields that the gateway acts on, and
/// the bytes, which go on as they are but for edits.
///
/// A class, so that handing it on copies nothing.
package final class ChatRequest: Sendable {
  /// The body as it came.
  package let bytes: [UInt8]
  /// The model that is asked for, by the client's name.
  package let model: String
  /// Whether the answer is to be streamed.
  package let isStreamed: Bool
  /// Easel's own options, from the body alone.
  package let options: EaselOptions

  private let fields: ChatRequestFields

  /// - Throws: `OpenAIError` with status 400 that names the field and what to change.
  package init(_ bytes: [UInt8]) throws(OpenAIError) {
    let members: [JSONMember]
    do throws(JSONError) {
      members = try JSONScanner.scanObject(bytes)
    } catch {
      throw .invalidJSON(error)
    }
    self.bytes = bytes
    let fields = try ChatRequestFields(members, in: bytes)
    func slice(_ field: ChatRequestFields.Name) -> JSONSlice? {
      fields[field].map { JSONSlice($0, in: bytes) }
    }
    guard let model = slice(.model)?.string, !model.isEmpty, model.utf8.count <= 512 else {
      throw .invalidRequest(
        "The field 'model' must be the name of a model, a string of 1 to 512 bytes.",
        param: "model")
    }
    guard let messages = slice(.messages), messages.kind == .array else {
      throw .invalidRequest("The field 'messages' must be an array of messages.", param: "messages")
    }
    let stream = slice(.stream)
    guard stream == nil || stream?.isNull == true || stream?.bool != nil else {
      throw .invalidRequest("The field 'stream' must be true or false.", param: "stream")
    }
    self.fields = fields
    self.model = model
    isStreamed = stream?.bool ?? false
    options = try EaselOptions(slice(.easel))
  }

  /// The value of a field that the gateway acts on; nil where it is absent.
  package subscript(name: ChatRequestFields.Name) -> JSONSlice? {
    fields[name].map { JSONSlice($0, in: bytes) }
  }

  /// The member of a field that the gateway acts on; nil where it is absent.
  package func member(_ name: ChatRequestFields.Name) -> JSONMember? { fields[name] }

  /// Whether the client wants usage in its stream.
  package var includesUsage: Bool {
    self[.streamOptions]?["include_usage"]?.bool ?? false
  }

  /// The edits that every upstream request needs: the upstream's name for the model, and Easel's
  /// own field taken out.
  package func edits(model upstreamModel: String) -> JSONSplice {
    var splice = JSONSplice(bytes)
    if upstreamModel != model, let value = self[.model] {
      splice.replace(value, with: JSONWriter.string(upstreamModel))
    }
    if let easel = fields[.easel] { splice.delete(easel) }
    return splice
  }
}
