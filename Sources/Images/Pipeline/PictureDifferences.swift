/// What pictures are otherwise than asked for, though their provider took the request as it was: it
/// is read from the pictures themselves.
enum PictureDifferences {
  /// Notes for the answer, in words.
  /// - Parameter told: notes that are there; of what they name nothing more is said.
  static func notes(
    on images: [GeneratedImage], of request: ImageRequest, told: [String]
  ) -> [String] {
    func isOpen(_ field: String) -> Bool { !told.contains { $0.hasPrefix("\(field): ") } }
    var notes: [String] = []
    if let wanted = request.outputFormat, isOpen("output_format"),
      let other = images.first(where: { $0.format.rawValue != wanted })
    {
      notes.append("output_format: \(other.format.rawValue) in place of \(wanted)")
    }
    if let wanted = request.size, isOpen("size"),
      let other = images.lazy.compactMap({ $0.format.size(of: $0.bytes) }).first(where: {
        $0 != wanted
      })
    {
      notes.append("size: \(other) in place of \(wanted)")
    }
    return notes
  }
}
