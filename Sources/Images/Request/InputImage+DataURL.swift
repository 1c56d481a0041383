extension InputImage {
  /// The picture as a `data:` URL (RFC 2397), written as a JSON string with its quotes.
  var jsonDataURL: [UInt8] {
    var text = Array("\"data:\(format.contentType);base64,".utf8)
    Base64.append(bytes, to: &text)
    text.append(UInt8(ascii: "\""))
    return text
  }
}
