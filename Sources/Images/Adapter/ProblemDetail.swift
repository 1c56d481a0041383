internal import OpenAIWire

/// Reads the `detail` of FastAPI's problems: a sentence, or a list with a place and a sentence each
/// (fastapi.tiangolo.com/tutorial/handling-errors).
struct ProblemDetail {
  /// In words; nil where there are none.
  let text: String?
  /// The types of its entries, such as `content_policy_violation`.
  let types: [String]

  init(_ answer: JSONSlice?) {
    let detail = answer?["detail"]
    let entries = detail.map { Array($0.elements.prefix(10)) } ?? []
    types = entries.compactMap { $0["type"]?.string }
    let sentences = entries.compactMap { entry in
      entry["msg"]?.string.map { message in
        let place = entry["loc"]?.elements.compactMap { $0.string ?? $0.int.map(String.init) }
        return place?.last.map { "\($0): \(message)" } ?? message
      }
    }
    text = detail?.string ?? (sentences.isEmpty ? nil : sentences.joined(separator: "; "))
  }
}
