package import OpenAIWire

/// Pictures of a request, as far as they need not be drawn again: their bytes are in the store.
package struct KeptPictures: Sendable {
  /// The result, with the bytes of its pictures left out.
  package let result: ImageResult
  /// Where they are, in their order; none where they could not be kept.
  package let pictures: [KeptPicture]
  /// Tells them from what else the same request has come to.
  package let id: String

  /// Whether none was made: a repetition goes on with another model.
  package var isEmpty: Bool { result.images.isEmpty }

  /// Whether they can be had again.
  package var isWhole: Bool { pictures.count == result.images.count }

  /// Keeps what is to be known of `result`.
  package init(_ result: ImageResult, _ pictures: [KeptPicture]) {
    self.init(result, pictures, id: UnguessableID.make("try_"))
  }

  private init(_ result: ImageResult, _ pictures: [KeptPicture], id: String) {
    var result = result
    for index in result.images.indices { result.images[index].bytes = [] }
    result.place = nil
    self.result = result
    self.pictures = pictures
    self.id = id
  }

  /// How long they are remembered, of as long as pictures are.
  package func lifetime(_ most: Duration) -> Duration {
    isEmpty ? min(most, PaidRequests.failureLifetime) : most
  }

  /// These and what was made later of those that were missing.
  package func joined(with rest: KeptPictures) -> KeptPictures {
    var all = result
    all.missing = rest.result.missing
    all.risked = rest.result.risked
    if isEmpty { all.model = rest.result.model }
    if let cost = all.cost, let more = rest.result.cost {
      all.cost = cost + more
    } else {
      all.cost = nil
    }
    all.usage = UsageTotal.sum(all.usage, rest.result.usage)
    all.adjusted += rest.result.adjusted.filter { !all.adjusted.contains($0) }
    all.passedOver += rest.result.passedOver.filter { !all.passedOver.contains($0) }
    let images = result.images + rest.result.images
    let order = images.indices.sorted { images[$0].number < images[$1].number }
    all.images = order.map { images[$0] }
    let located = pictures + rest.pictures
    // Where some could not be kept, there is no order to tell which.
    let isWhole = isWhole && rest.isWhole
    return KeptPictures(all, isWhole ? order.map { located[$0] } : located)
  }

  /// These alone, since those that are missing cannot be made.
  package func without(rest error: OpenAIError) -> KeptPictures {
    var all = result
    let wanted = all.images.count + all.missing
    all.adjusted.append("n: \(all.images.count) of \(wanted) pictures; \(error.message)")
    all.missing = 0
    return KeptPictures(all, pictures)
  }

  /// The pictures where they are found now: a bucket's URLs are valid for a while only, and those
  /// that the first answer had may be over.
  /// - Parameter own: the gateway's URL of an id, where the store has none of its own.
  package func located(
    in store: any PictureStore, own: (String) -> String
  ) async throws(StoreError) -> [KeptPicture] {
    var located: [KeptPicture] = []
    for (picture, image) in zip(pictures, result.images) {
      let url = try await store.publicURL(picture.id, format: image.format) ?? own(picture.id)
      located.append(KeptPicture(id: picture.id, url: url))
    }
    return located
  }
}

/// A picture in the store, and where clients find it.
package struct KeptPicture: Sendable, Hashable {
  package let id: String
  package let url: String

  /// A picture under an id.
  package init(id: String, url: String) {
    self.id = id
    self.url = url
  }
}

extension KeptPictures {
  /// As a JSON object, for other gateways. Of the model only its name is told.
  package var json: [UInt8] {
    JSONWriter.object { writer in
      writer.member("id", id)
      writer.member("provider", result.model.provider)
      writer.member("model", result.model.id)
      writer.member("cost", result.cost)
      if result.missing > 0 { writer.member("missing", result.missing) }
      if !result.risked.isEmpty {
        writer.member("risked", raw: JSONWriter.array(result.risked.map(JSONWriter.string)))
      }
      if let usage = result.usage { writer.member("usage", raw: usage) }
      writer.member("adjusted", raw: JSONWriter.array(result.adjusted.map(JSONWriter.string)))
      writer.key("passedOver")
      ImageResult.PassedOver.write(result.passedOver, to: &writer)
      writer.key("images")
      writer.beginArray()
      for image in result.images {
        writer.beginObject()
        writer.member("number", image.number)
        writer.member("format", image.format.rawValue)
        writer.member("size", image.size?.description)
        writer.member("revisedPrompt", image.revisedPrompt)
        writer.member("seed", image.seed)
        image.look?.write(to: &writer)
        writer.endObject()
      }
      writer.endArray()
      writer.key("pictures")
      writer.beginArray()
      for picture in pictures {
        writer.beginObject()
        writer.member("id", picture.id)
        writer.member("url", picture.url)
        writer.endObject()
      }
      writer.endArray()
    }
  }

  /// Reads what ``json`` wrote; nil for anything else.
  package init?(json object: JSONSlice) {
    guard let provider = object["provider"]?.string, let model = object["model"]?.string,
      let adjusted = object["adjusted"], let passed = object["passedOver"],
      let images = object["images"], let pictures = object["pictures"]
    else { return nil }
    var result = ImageResult(
      images: [], model: ImageModel(id: model, provider: provider), cost: object["cost"]?.double,
      usage: object["usage"].map { Array($0.raw) },
      adjusted: adjusted.elements.compactMap(\.string),
      passedOver: [])
    result.missing = min(10, max(0, object["missing"]?.int ?? 0))
    result.risked = object["risked"]?.elements.compactMap(\.string) ?? []
    for entry in passed.elements {
      guard let model = entry["model"]?.string, let reason = entry["reason"]?.string else {
        return nil
      }
      result.passedOver.append(ImageResult.PassedOver(model: model, reason: reason))
    }
    for (index, entry) in images.elements.enumerated() {
      guard let format = entry["format"]?.string.flatMap(ImageFormat.init(rawValue:)) else {
        return nil
      }
      var image = GeneratedImage(
        bytes: [], format: format, revisedPrompt: entry["revisedPrompt"]?.string,
        seed: entry["seed"]?.int)
      image.size = entry["size"]?.string.flatMap { ImageSize($0) }
      image.look = PictureLook(entry)
      image.number = entry["number"]?.int ?? index
      result.images.append(image)
    }
    var kept: [KeptPicture] = []
    for entry in pictures.elements {
      guard let id = entry["id"]?.string, let url = entry["url"]?.string else { return nil }
      kept.append(KeptPicture(id: id, url: url))
    }
    // What an older version wrote has no id.
    let id = object["id"]?.string ?? kept.map(\.id).joined(separator: " ")
    self.init(result, kept, id: id)
  }
}
