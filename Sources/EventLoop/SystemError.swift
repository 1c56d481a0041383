internal import CLibuv

/// An error number of the operating system, as libuv reports it (negative).
package struct SystemError: Error, Sendable, Hashable, CustomStringConvertible {
  /// libuv's code, such as `UV_ECONNREFUSED`.
  package let code: Int32

  /// The system's own words, such as "connection refused".
  package var description: String {
    var buffer = [CChar](repeating: 0, count: 128)
    uv_strerror_r(code, &buffer, buffer.count)
    return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// Whether nobody listens at the address.
  package var isRefused: Bool { code == UV_ECONNREFUSED.rawValue }
  /// Whether the address is taken by another socket.
  package var isAddressInUse: Bool { code == UV_EADDRINUSE.rawValue }
  /// Whether the peer cut the connection.
  package var isReset: Bool {
    code == UV_ECONNRESET.rawValue || code == UV_EPIPE.rawValue
  }
  /// A name that stands for no address.
  package static var noAddress: SystemError { SystemError(code: UV_EAI_NONAME.rawValue) }
  static var timedOut: SystemError { SystemError(code: UV_ETIMEDOUT.rawValue) }
  static var cancelled: SystemError { SystemError(code: UV_ECANCELED.rawValue) }
}
