/// Lines of text on a darkened panel at the foot of a picture.
struct TextPanel {
  /// The prompt, wrapped over several lines.
  let title: String
  /// What stands below in smaller letters, one line each, cut where too long.
  let details: [String]

  func draw(on canvas: inout Canvas) {
    let scale = max(1, min(canvas.width, canvas.height) / 256)
    let margin = 6 * scale
    let small = max(1, scale * 2 / 3)
    let room = canvas.width - 4 * margin
    let titleLines = Self.wrap(
      title, columns: max(1, room / (BitmapFont.cellWidth * scale)), maximum: 5)
    let detailLines = details.map {
      String($0.prefix(max(1, room / (BitmapFont.cellWidth * small))))
    }
    let lineHeight = BitmapFont.cellHeight * scale
    let smallHeight = BitmapFont.cellHeight * small
    let height = titleLines.count * lineHeight + detailLines.count * smallHeight + 3 * margin
    let top = canvas.height - margin - height
    canvas.tint(
      margin..<canvas.width - margin, top..<canvas.height - margin, Colour(0x0A0E18), part: 176)
    canvas.fill(margin..<canvas.width - margin, top..<top + max(1, scale / 2), Colour(0xF5C26B))
    var y = top + margin
    for line in titleLines {
      Self.draw(line, at: (2 * margin, y), scale: scale, Colour(0xFFFFFF), on: &canvas)
      y += lineHeight
    }
    y += margin / 2
    for line in detailLines {
      Self.draw(line, at: (2 * margin, y), scale: small, Colour(0xF5C26B), on: &canvas)
      y += smallHeight
    }
  }

  /// Lines of at most `columns` characters, broken between words; the last of `maximum` lines ends
  /// in dots where something is missing.
  static func wrap(_ text: String, columns: Int, maximum: Int) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in text.prefix(4096).split(whereSeparator: \.isWhitespace) {
      var word = word
      if !line.isEmpty, line.count + 1 + word.count > columns {
        lines.append(line)
        line = ""
      }
      while word.count > columns {
        lines.append(String(word.prefix(columns)))
        word = word.dropFirst(columns)
      }
      line += line.isEmpty ? String(word) : " \(word)"
    }
    if !line.isEmpty { lines.append(line) }
    guard lines.count > maximum, let last = lines.prefix(maximum).last else { return lines }
    return lines.prefix(maximum - 1) + ["\(last.prefix(max(0, columns - 3)))..."]
  }

  private static func draw(
    _ line: String, at place: (x: Int, y: Int), scale: Int, _ colour: Colour,
    on canvas: inout Canvas
  ) {
    var x = place.x
    for character in line {
      let glyph = BitmapFont.glyph(character)
      for row in 0..<BitmapFont.glyphHeight {
        let dots = glyph >> (56 - 8 * row)
        for column in 0..<BitmapFont.glyphWidth where dots >> (4 - column) & 1 == 1 {
          let (left, top) = (x + column * scale, place.y + row * scale)
          canvas.fill(left..<left + scale, top..<top + scale, colour)
        }
      }
      x += BitmapFont.cellWidth * scale
    }
  }
}
