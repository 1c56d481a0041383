internal import HTTP
internal import OpenAIWire

/// Pictures as a stream of events: unfinished ones on the way, and the finished one at the end
/// (platform.openai.com/docs/api-reference/images-streaming).
struct OpenAIImagesStream {
  let job: ImageJob
  let link: ProviderLink

  func draw(
    _ url: HTTPURL, _ headers: HeaderFields, _ body: [UInt8]
  ) async throws(ImageFailure) -> ProviderAnswer {
    var headers = headers
    headers.set("accept", "text/event-stream", orDrop: ())
    var request = ClientRequest(.post, url, headers: headers, body: body)
    request.retriesStaleConnection = false
    request.timeouts.total = link.remaining
    request.timeouts.firstByte = link.remaining
    return try await exchange(request)
  }

  private func exchange(_ request: ClientRequest) async throws(ImageFailure) -> ProviderAnswer {
    var drawn: ProviderAnswer?
    do {
      try await link.client.withResponse(request) { response in
        let type = response.head.headers["content-type"] ?? ""
        guard response.head.status == 200, type.lowercased().hasPrefix("text/event-stream") else {
          // An error, or a server that does not stream: it answers whole.
          let answer = ClientAnswer(
            head: response.head, body: try await response.collect(limit: limit))
          drawn = try OpenAIImagesDecoder.decode(answer, over: link)
          return
        }
        drawn = try await read(response)
      }
    } catch let error as ImageFailure {
      throw error
    } catch let error as HTTPClientError {
      throw link.failure(error, pays: true)
    } catch {
      throw ImageFailure(.cancelled, "the request was cancelled", mayHaveBeenPaid: true)
    }
    guard let drawn else { throw link.malformed("gave no answer") }
    return drawn
  }

  private var limit: Int { job.count * (link.imageLimit / 3 * 4) + (1 << 20) }

  private func read(_ response: ClientResponse) async throws -> ProviderAnswer {
    var parser = SSEParser(limit: link.imageLimit / 3 * 4 + 65_536)
    var answer = ProviderAnswer(pictures: [])
    while let piece = try await response.next() {
      // Whatever a server sends on the way is bounded too.
      guard response.bytesReceived <= limit * 5 else {
        throw link.malformed("sent an endless stream")
      }
      for event in try events(&parser, piece) {
        try await take(event, &answer)
        // All is there that is paid for: what comes after it can only take it away again.
        if answer.pictures.count == job.count { return answer }
      }
    }
    guard !answer.pictures.isEmpty else {
      throw link.malformed("ended its stream without a picture")
    }
    return answer
  }

  private func events(
    _ parser: inout SSEParser, _ piece: [UInt8]
  ) throws(ImageFailure) -> [SSEEvent] {
    var events: [SSEEvent] = []
    parser.push(piece)
    do throws(SSEError) {
      while let event = try parser.next() { events.append(event) }
    } catch {
      // What came whole before it counts; the parser fails again where there is more to read.
      guard !events.isEmpty else { throw link.malformed("sent a broken stream") }
    }
    return events
  }

  private func take(_ event: SSEEvent, _ answer: inout ProviderAnswer) async throws {
    guard let object = try? JSONSlice.parse(event.data), object.kind == .object else { return }
    if let error = object["error"], !error.isNull {
      throw failure(error)
    }
    let type = object["type"]?.string ?? event.event
    guard let picture = OpenAIImagesDecoder.picture(object) else { return }
    if type.hasSuffix(".partial_image") {
      guard case .bytes(let bytes) = picture.source else { return }
      await job.partial?(
        PartialImage(
          index: object["partial_image_index"]?.int ?? 0, bytes: bytes, look: PictureLook(object)))
    } else if type.hasSuffix(".completed") {
      answer.pictures.append(picture)
      answer.look = PictureLook(object)
      answer.usage = object["usage"].flatMap { $0.kind == .object ? Array($0.raw) : nil }
    }
  }

  /// The failure that an event tells of, which has no status that would tell its class.
  private func failure(_ error: JSONSlice) -> ImageFailure {
    let text = error["message"]?.string ?? error.string ?? "failed mid-stream"
    var kind = OpenAIImagesDecoder.kind(200, error)
    switch kind {
    case .refused: return link.refused(text, code: error["code"]?.string)
    case .badKey: return link.refusedKey(mayHaveBeenPaid: true)
    case .outOfCredit: break
    default:
      let words = [error["code"]?.string, error["type"]?.string]
      kind = words.contains("rate_limit_exceeded") ? .rateLimited : .overloaded
    }
    return ImageFailure(
      kind, "\(link.provider.name): \(text.prefix(500))",
      retryAfter: kind == .rateLimited ? SpokenDelay.find(in: text) : nil, mayHaveBeenPaid: true)
  }
}
