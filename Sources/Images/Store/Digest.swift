internal import COpenSSL

/// SHA-256 (FIPS 180-4) and HMAC with it (RFC 2104), by OpenSSL.
package enum Digest {
  /// 32 bytes. Takes milliseconds for a picture: not on a loop.
  package static func sha256(_ bytes: [UInt8]) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: 32)
    let result = SHA256(bytes, bytes.count, &digest)
    precondition(result != nil, "OpenSSL has no SHA-256")
    return digest
  }

  /// 32 bytes.
  static func hmacSHA256(key: [UInt8], _ message: some Sequence<UInt8>) -> [UInt8] {
    let message = Array(message)
    var digest = [UInt8](repeating: 0, count: 32)
    let result = HMAC(EVP_sha256(), key, Int32(key.count), message, message.count, &digest, nil)
    precondition(result != nil, "OpenSSL has no HMAC with SHA-256")
    return digest
  }

  /// Lower-case hexadecimal digits.
  package static func hex(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    text.reserveCapacity(2 * bytes.count)
    for byte in bytes {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }
}
