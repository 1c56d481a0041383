internal import HTTP
internal import OpenAIWire

/// Reads what ComfyUI says of a job.
enum ComfyAnswer {
  /// A picture that a workflow has made.
  struct File {
    /// Where it is to be fetched, below the base URL.
    let path: String
    /// Whether it is a result, and no preview.
    let isOutput: Bool
  }

  /// Whether an entry of the history is complete. Servers of before 2024 have no status, and enter
  /// only what is done.
  static func isDone(_ entry: JSONSlice) -> Bool {
    guard let status = entry["status"], status.kind == .object else { return true }
    return status["completed"]?.bool == true || status["status_str"]?.isString("error") == true
  }

  /// The pictures of a complete job; previews only where there is nothing else.
  static func files(_ entry: JSONSlice, _ link: ProviderLink) throws(ImageFailure) -> [File] {
    if entry["status"]?["status_str"]?.isString("error") == true { throw failure(entry, link) }
    var files: [File] = []
    for output in entry["outputs"].map({ Array($0.members) }) ?? [] {
      for image in output.value["images"].map({ Array($0.elements) }) ?? [] {
        guard let name = image["filename"]?.string else { continue }
        let type = image["type"]?.string ?? "output"
        let folder = image["subfolder"]?.string ?? ""
        files.append(
          File(
            path: "view?filename=\(escaped(name))&subfolder=\(escaped(folder))"
              + "&type=\(escaped(type))", isOutput: type == "output"))
      }
    }
    let results = files.filter(\.isOutput)
    guard !files.isEmpty else { throw link.malformed("finished a workflow without a picture") }
    return results.isEmpty ? files : results
  }

  /// Why a job has failed: the messages of its history hold the exception.
  private static func failure(_ entry: JSONSlice, _ link: ProviderLink) -> ImageFailure {
    var reason = "the workflow was interrupted"
    var kind = ImageFailure.Kind.malformed
    for message in entry["status"]?["messages"].map({ Array($0.elements) }) ?? []
    where message[0]?.isString("execution_error") == true {
      let text = message[1]?["exception_message"]?.string ?? "the workflow failed"
      let type = message[1]?["exception_type"]?.string ?? ""
      reason = "\(message[1]?["node_type"]?.string ?? "a node"): \(text.prefix(300))"
      if type.contains("OutOfMemory") || text.lowercased().contains("out of memory") {
        kind = .overloaded
      }
    }
    return ImageFailure(kind, "\(link.provider.name): \(reason)", mayHaveBeenPaid: true)
  }

  /// Why a workflow was not queued. What a server lacks (a checkpoint, a node) another may have; any
  /// other fault is the request's.
  static func failure(_ answer: ClientAnswer, _ link: ProviderLink) -> ImageFailure {
    let object = try? JSONSlice.parse(answer.body)
    guard answer.head.status == 400, let error = object?["error"] else {
      return link.failure(answer, nil)
    }
    var kind = ImageFailure.Kind.badRequest
    if let type = error["type"]?.string,
      ["invalid_prompt", "missing_node_type"].contains(type)
    {
      kind = .notFound
    }
    var reason = error["message"]?.string ?? error.string ?? "the workflow is not valid"
    if let (_, node) = object?["node_errors"]?.members.first(where: { _ in true }),
      let fault = node["errors"]?[0]
    {
      reason += "; \(node["class_type"]?.string ?? "a node"): \(fault["message"]?.string ?? "")"
      reason += " (\(fault["details"]?.string?.prefix(200) ?? ""))"
      if fault["type"]?.isString("value_not_in_list") == true { kind = .notFound }
    }
    return link.failure(answer, reason, kind: kind)
  }

  /// A text as part of a URL (RFC 3986, section 2.1).
  static func escaped(_ text: String) -> String {
    var result = ""
    for byte in text.utf8 {
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E:
        result.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        let digits = String(byte, radix: 16, uppercase: true)
        result += byte < 16 ? "%0\(digits)" : "%\(digits)"
      }
    }
    return result
  }
}
