/// One page of a bucket's list
/// (docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html).
struct S3Listing: Hashable {
  struct Object: Hashable {
    var key: String
    var bytes: Int
    /// Milliseconds since 1970.
    var written: Int
  }

  private(set) var objects: [Object] = []
  /// What continues the list; nil at its end.
  private(set) var next: String?

  /// What is no such list.
  struct Malformed: Error, Hashable {}

  /// - Throws: `Malformed`, also where a value is missing or makes no sense: by a list that was
  ///   misread, the wrong pictures would be deleted.
  init(_ xml: [UInt8]) throws(Malformed) {
    var object: [String: String] = [:]
    var page: [String: String] = [:]
    var isIntact = true
    var found: [Object] = []
    do throws(XMLElements.XMLError) {
      try XMLElements.read(xml) { path, text in
        guard path.first == "ListBucketResult" else { return isIntact = false }
        switch path.count {
        case 2 where path[1] == "Contents":
          if let read = Self.object(object) { found.append(read) } else { isIntact = false }
          object = [:]
        case 2: page[path[1]] = text
        case 3 where path[1] == "Contents":
          if object.updateValue(text, forKey: path[2]) != nil, path[2] == "Key" { isIntact = false }
        default: break
        }
      }
    } catch {
      throw Malformed()
    }
    guard isIntact, let isTruncated = page["IsTruncated"].flatMap(Bool.init) else {
      throw Malformed()
    }
    objects = found
    guard isTruncated else { return }
    guard let token = page["NextContinuationToken"], !token.isEmpty else { throw Malformed() }
    next = token
  }

  private static func object(_ fields: [String: String]) -> Object? {
    guard let key = fields["Key"], !key.isEmpty,
      let bytes = fields["Size"].flatMap(Int.init), bytes >= 0,
      let written = fields["LastModified"].flatMap(S3Time.milliseconds)
    else { return nil }
    return Object(key: key, bytes: bytes, written: written)
  }
}
