/// Names of providers, models and variables.
extension CatalogReader {
  /// A provider's name, as headers and `provider/model` have it.
  static func isName(_ name: String, of node: CatalogNode) -> Bool {
    let isValid = name.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte)
        || [0x2D, 0x2E, 0x5F].contains(byte)
    }
    guard isValid, (1...64).contains(name.utf8.count), let first = name.utf8.first,
      first != 0x2D, first != 0x2E
    else {
      node.fault(
        "the provider's name is malformed; 1 to 64 lower-case letters, digits, '-', '_' and '.' "
          + "are allowed")
      return false
    }
    return true
  }

  /// A model's name, as clients write it.
  static func isModel(_ name: String, of node: CatalogNode) -> Bool {
    guard (1...256).contains(name.utf8.count),
      name.unicodeScalars.allSatisfy({ $0.value > 0x20 && !(0x7F...0xA0).contains($0.value) })
    else {
      node.fault(
        "the model's name is malformed; 1 to 256 bytes without spaces and control characters are "
          + "allowed")
      return false
    }
    guard name != "auto", QualityTier(word: name) == nil else {
      node.fault(
        "the model's name is a word by which clients leave the choice to the gateway; any but "
          + "auto, ultra, high, standard, fast and hd is allowed")
      return false
    }
    return true
  }

  /// The name of an environment variable. The text is not repeated: it may be the key itself.
  static func variable(_ node: CatalogNode?) -> String? {
    guard let node else { return nil }
    if let text = node.string, (1...128).contains(text.utf8.count),
      text.utf8.first.map({ !(0x30...0x39).contains($0) }) == true,
      text.utf8.allSatisfy({ byte in
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || byte == 0x5F
      })
    {
      node.reading.variables.insert(text)
      return text
    }
    node.fault(
      "is no environment variable's name; capital letters, digits and '_' are allowed, "
        + "not the key itself")
    return nil
  }
}
