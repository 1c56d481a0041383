/// What the fields of one part of a form say of it (RFC 7578, section 4).
struct MultipartHead {
  let name: String
  let fileName: String?
  let contentType: String?

  private static let fieldCount = 16

  /// Reads the fields and the empty line behind them.
  init(
    _ bytes: ArraySlice<UInt8>, limits: MultipartParser.Limits
  ) throws(HTTPParseError) {
    guard String(validating: bytes, as: UTF8.self) != nil else {
      throw .bad("The fields of a part are not UTF-8.")
    }
    var parser = FieldBlockParser(
      of: .formPart, bytes: limits.fieldBytes, count: Self.fieldCount)
    var buffer = ByteBuffer()
    buffer.append(Array(bytes).span)
    guard try parser.parse(&buffer) else { throw .bad("The fields of a part are malformed.") }
    let fields = parser.fields
    for field in ["content-disposition", "content-type", "content-transfer-encoding"]
    where fields.count(of: field) > 1 {
      throw .bad("A part has two fields of one name.")
    }
    guard let disposition = fields["content-disposition"].flatMap(FieldParameters.init(_:)),
      disposition.value == "form-data", let name = disposition["name"], !name.isEmpty
    else { throw .bad("A part does not say which field of the form it is.") }
    // The other encodings are deprecated (RFC 7578, section 4.7), and nothing here would undo them.
    if let encoding = fields["content-transfer-encoding"],
      !["binary", "7bit", "8bit"].contains(encoding.lowercased())
    {
      throw .bad("A part has an encoding that is not supported.")
    }
    let fileName = disposition["filename"] ?? disposition["filename*"]
    guard name.utf8.count <= limits.nameBytes, (fileName?.utf8.count ?? 0) <= limits.nameBytes
    else { throw HTTPParseError(status: 413, message: "The name of a part is too long.") }
    self.name = Self.unescaped(name)
    self.fileName = fileName.map(Self.unescaped)
    contentType = fields["content-type"]
  }

  /// Undoes browsers' escapes, and only those (WHATWG HTML, form submission).
  private static func unescaped(_ text: String) -> String {
    var result: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      let escape = byte == UInt8(ascii: "%") ? rest.prefix(2) : []
      if escape.elementsEqual("22".utf8) {
        result.append(UInt8(ascii: "\""))
      } else if escape.elementsEqual("0D".utf8) {
        result.append(0x0D)
      } else if escape.elementsEqual("0A".utf8) {
        result.append(0x0A)
      } else {
        result.append(byte)
        continue
      }
      rest = rest.dropFirst(2)
    }
    return String(decoding: result, as: UTF8.self)
  }
}
