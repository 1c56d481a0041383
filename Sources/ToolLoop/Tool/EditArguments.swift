/// The arguments of one `edit_image` call, checked.
package struct EditArguments: Sendable {
  /// What to change.
  package var prompt: String
  package var image: PictureReference
  /// Its transparent parts are those of the picture that may change.
  package var mask: PictureReference?
  package var size: String?
  package var quality: String?
  /// 1 to 4.
  package var count = 1
  private let pictures: ConversationPictures

  /// - Parameter pictures: those of the conversation, which are the only ones that have a name.
  init(
    _ bytes: [UInt8], _ pictures: ConversationPictures, _ limits: ToolLimits
  ) throws(InvalidArguments) {
    let given = try ToolArgument(bytes, limits)
    prompt = try given.prompt()
    self.pictures = pictures
    let limit = ConversationPictures.urlLimit
    guard let name = try given.text("image", limit: limit) else {
      throw InvalidArguments(
        message: "'image' must name the picture to change. \(pictures.known())")
    }
    image = try pictures.picture(named: name)
    if let name = try given.text("mask", limit: limit) {
      mask = try pictures.picture(named: name)
    }
    size = try given.size()
    quality = try given.quality()
    count = try given.count()
  }

  /// A sentence on what could be named in place of a picture that is gone.
  package func known(without gone: PictureReference) -> String {
    pictures.known(without: [gone.number])
  }
}
