#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Files that are there whole or not at all, also after a power failure. Everything blocks.
enum StoreFile {
  /// What `lstat` tells; symbolic links are neither files nor folders here.
  struct Status {
    var isFile: Bool
    var isFolder: Bool
    var bytes: Int
    /// Milliseconds since 1970.
    var written: Int
  }

  /// What a file is called before it is whole.
  static let partialSuffix = ".partial"

  /// Writes a file that is not there yet: under another name, to the disk, and only then in place.
  static func write(_ bytes: [UInt8], to path: String) throws(StoreError) {
    let partial = path + partialSuffix
    let file = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o640)
    guard file >= 0 else { throw failure("created") }
    var error: StoreError?
    if !write(bytes, to: file) || fsync(file) != 0 { error = failure("written") }
    if close(file) != 0, error == nil { error = failure("written") }
    if error == nil, rename(partial, path) != 0 { error = failure("put in place") }
    if let error {
      unlink(partial)
      throw error
    }
  }

  private static func write(_ bytes: [UInt8], to file: Int32) -> Bool {
    bytes.withUnsafeBytes { buffer in
      var rest = buffer[...]
      while let base = UnsafeRawBufferPointer(rebasing: rest).baseAddress, !rest.isEmpty {
        #if canImport(Glibc)
        let count = Glibc.write(file, base, rest.count)
        #elseif canImport(Musl)
        let count = Musl.write(file, base, rest.count)
        #else
        let count = Darwin.write(file, base, rest.count)
        #endif
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { return false }
        rest = rest.dropFirst(count)
      }
      return true
    }
  }

  /// Makes the names in a folder as durable as the files that they lead to.
  static func sync(folder path: String) throws(StoreError) {
    let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { throw failure("made durable") }
    defer { close(folder) }
    // Some network file systems know no such thing for folders, and say so.
    guard fsync(folder) == 0 || errno == EINVAL else { throw failure("made durable") }
  }

  /// The bytes of a plain file; nil where there is none, or it has more than `limit`.
  static func read(_ path: String, limit: Int) -> [UInt8]? {
    let file = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size <= limit
    else { return nil }
    let size = Int(status.st_size)
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      while count < size {
        let got = pread(file, buffer.baseAddress.map { $0 + count }, size - count, off_t(count))
        if got < 0 && errno == EINTR { continue }
        guard got > 0 else { return }
        count += got
      }
    }
    return bytes.count == size ? bytes : nil
  }

  /// What is at a path; nil where there is nothing.
  static func status(_ path: String) -> Status? {
    var status = stat()
    guard lstat(path, &status) == 0 else { return nil }
    #if canImport(Darwin)
    let time = status.st_mtimespec
    #else
    let time = status.st_mtim
    #endif
    return Status(
      isFile: status.st_mode & S_IFMT == S_IFREG, isFolder: status.st_mode & S_IFMT == S_IFDIR,
      bytes: Int(status.st_size), written: Int(time.tv_sec) * 1000 + Int(time.tv_nsec) / 1_000_000)
  }

  /// Whether there is nothing at the path any more.
  static func remove(_ path: String) -> Bool { unlink(path) == 0 || errno == ENOENT }

  private static func failure(_ what: String) -> StoreError {
    StoreError(
      .unavailable, "a picture's file cannot be \(what): \(String(cString: strerror(errno)))")
  }
}
