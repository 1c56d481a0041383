internal import HTTP
internal import OpenAIWire

/// Uploads pictures that a workflow loads (`POST /upload/image`).
struct ComfyUpload {
  let server: OwnServer

  /// - Returns: the name by which a `LoadImage` node finds the picture.
  func send(_ image: InputImage) async throws(ImageFailure) -> String {
    let link = server.link
    // A name of its own, so that no other job's picture is replaced.
    let name = "easel-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
    var form = MultipartForm()
    form.append(
      "image", file: image.bytes, name: "\(name).\(image.format.rawValue)",
      contentType: image.format.contentType)
    form.append("type", "input")
    var headers = server.headers
    headers.set("content-type", form.contentType, orDrop: ())
    let answer = try await link.send(
      .post, link.url("upload/image"), headers, body: form.finished())
    guard answer.head.status == 200 else { throw link.failure(answer, nil) }
    guard let object = try? JSONSlice.parse(answer.body), let stored = object["name"]?.string else {
      throw link.malformed("stored a picture without saying where")
    }
    guard let folder = object["subfolder"]?.string, !folder.isEmpty else { return stored }
    return "\(folder)/\(stored)"
  }
}
