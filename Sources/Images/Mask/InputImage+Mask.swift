extension InputImage {
  /// This mask as most providers want theirs: white where the picture may change, black where it
  /// stays. OpenAI's says it the other way, by what is transparent
  /// (platform.openai.com/docs/api-reference/images/createEdit).
  ///
  /// A mask without an alpha channel is taken for one of that kind already. Nil where the mask
  /// cannot be read: broken, interlaced, not of 8 bits, or of more than 16 megapixels. Takes
  /// milliseconds a megapixel: to be run off the loop.
  func whiteOnBlack() -> InputImage? {
    guard format == .png else { return self }
    switch PNGAlpha.read(bytes) {
    case .none: return self
    case .unreadable: return nil
    case .alpha(let width, let height, let pixels):
      // Halves are decided: providers differ in what grey means to them.
      return InputImage(
        GreyPNG.encode(width: width, height: height, pixels: pixels.map { $0 < 128 ? 255 : 0 }))
    }
  }
}
