/// A drawn picture: a landscape that the prompt decides, with the request written on it.
package struct SimulatedPicture: Sendable {
  /// Pixels.
  package let width: Int
  /// Pixels.
  package let height: Int
  /// What the picture was asked to show.
  package let prompt: String
  /// What is written below the prompt, such as size, quality and model.
  package let details: [String]
  /// Tells the pictures of one request apart.
  package let index: Int

  /// A picture of `width` by `height` pixels, each held to 16...4096.
  package init(width: Int, height: Int, prompt: String, details: [String], index: Int = 0) {
    self.width = min(max(width, 16), 4096)
    self.height = min(max(height, 16), 4096)
    self.prompt = prompt
    self.details = details
    self.index = index
  }

  /// The picture as a PNG file; the same bytes for the same request. Takes milliseconds of
  /// processor time. Nil where there is no memory for it.
  package func png() -> [UInt8]? {
    var canvas = Canvas(width: width, height: height)
    var dice = SeededDice("\(index) \(prompt)")
    Landscape(width: width, height: height, dice: &dice).draw(on: &canvas)
    TextPanel(title: prompt, details: details).draw(on: &canvas)
    return PNGEncoder.encode(canvas)
  }
}
