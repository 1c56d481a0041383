/// What the tool loop needs of whoever makes pictures. Loop-bound.
package protocol PictureMaker: AnyObject {
  /// Makes pictures and keeps them where their URLs point. A cancelled task stops what has not been
  /// accepted by a provider yet.
  func draw(_ arguments: ImageArguments) async -> PictureResult
  /// Changes a picture, as `draw` makes one.
  func edit(_ arguments: EditArguments) async -> PictureResult
  /// Says what would be drawn, and keeps it until the user has said yes.
  func propose(_ arguments: ImageArguments) async -> PictureResult
  /// Says what would be changed, and keeps it until the user has said yes.
  func propose(_ arguments: EditArguments) async -> PictureResult
  /// Who will most likely make the pictures of an order, for how much; nil where nobody can.
  func forecast(_ order: PictureOrder) -> PictureForecast?
}

/// Who will most likely make pictures.
package struct PictureForecast: Sendable, Hashable {
  package var provider: String
  package var model: String
  /// US dollars for all of them, as exact as it is known: an answer's total is rounded, once. Nil
  /// where the price is not known.
  package var cost: Double?

  /// A forecast of these parts.
  package init(provider: String, model: String, cost: Double?) {
    self.provider = provider
    self.model = model
    self.cost = cost
  }
}

/// What came of one call.
package enum PictureResult: Sendable {
  case made(PictureSet)
  /// Nothing was made yet: the user is asked first.
  case proposed(PictureProposal)
  /// Nothing was made; the reason is for the model to read.
  case failed(reason: String, isRefusal: Bool)
}

/// Pictures that wait for the user's yes.
package struct PictureProposal: Sendable {
  package var id: String
  /// What the client is told of it: a JSON object.
  package var json: [UInt8]

  /// A proposal that is kept under an id.
  package init(id: String, json: [UInt8]) {
    self.id = id
    self.json = json
  }
}

/// The pictures of one call.
package struct PictureSet: Sendable {
  package var pictures: [Picture]
  package var provider: String
  package var model: String
  /// US dollars for all of them, as exact as it is known: an answer's total is rounded, once. Nil
  /// where the price is not known.
  package var cost: Double?
  /// The models that should have drawn and did not, in the order in which they were asked.
  package var passedOver: [PassedOver]

  /// A model that did not draw.
  package struct PassedOver: Sendable, Hashable {
    /// `provider/model`.
    package var model: String
    /// A word such as `timed_out`.
    package var reason: String

    /// A model, and the class of its failure.
    package init(model: String, reason: String) {
      self.model = model
      self.reason = reason
    }
  }

  /// Pictures with their maker.
  package init(
    pictures: [Picture], provider: String, model: String, cost: Double?,
    passedOver: [PassedOver] = []
  ) {
    self.pictures = pictures
    self.provider = provider
    self.model = model
    self.cost = cost
    self.passedOver = passedOver
  }
}

/// One picture.
package struct Picture: Sendable {
  package var id: String
  package var url: String
  package var revisedPrompt: String?

  /// A picture that is kept under an id.
  package init(id: String, url: String, revisedPrompt: String?) {
    self.id = id
    self.url = url
    self.revisedPrompt = revisedPrompt
  }
}
