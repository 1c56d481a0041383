/// What is written, and under which names.
///
/// - values: a hash `PREFIX{GROUP}NAME` of a revision `r` and a value `v`
/// - windows: a hash `PREFIX#{GROUP}NAME` of what each gateway has counted in a part, `PART/MEMBER`, of
///   the sums of all gateways, `PART:COUNTER`, and of the `newest` part
/// - both of them in the group `probe`, for a moment: see ``RedisProbe``
/// - `PREFIXschema`: the version of all this
/// - announcements: the channel `PREFIXchanges`, in another database than 0 `PREFIXchanges/DB`, since
///   channels know no databases
///
/// What stands in braces decides where a name lies in a cluster, so that a group lies in one place:
/// https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags
struct RedisSchema {
  /// Raised when names or values change their meaning.
  static let version = "1"

  let prefix: String
  let database: Int
  /// Whose announcements are no news here.
  let writer = String(UInt64.random(in: .min ... .max), radix: 16)

  func value(_ key: StateKey) -> [UInt8] { name(prefix, key) }
  func window(_ key: StateKey) -> [UInt8] { name(prefix + "#", key) }
  var versionKey: String { prefix + "schema" }
  var channel: String { prefix + "changes" + (database == 0 ? "" : "/\(database)") }

  /// A group's own braces must not end the place in braces.
  private func name(_ prefix: String, _ key: StateKey) -> [UInt8] {
    var bytes = Array("\(prefix){".utf8)
    for byte in key.group.utf8 {
      switch byte {
      case UInt8(ascii: "%"): bytes += "%25".utf8
      case UInt8(ascii: "{"): bytes += "%7b".utf8
      case UInt8(ascii: "}"): bytes += "%7d".utf8
      default: bytes.append(byte)
      }
    }
    return bytes + "}\(key.name)".utf8
  }

  // MARK: Version

  /// The commands that write the version where there is none, and read it.
  var versionCommands: (write: RedisKeyCommand, read: RedisKeyCommand) {
    let key = Array(versionKey.utf8)
    return (
      RedisKeyCommand("SET", key: key, [Self.version, "NX"]), RedisKeyCommand("GET", key: key)
    )
  }

  /// Has the version written again where it is gone, as after `FLUSHALL`: another version of Easel
  /// would not know what is there. The others, who find it written again, are told.
  /// - Parameters:
  ///   - lost: called where it was gone, and with it what else was there.
  ///   - refuse: called where another version has begun to write there.
  func keepVersion(
    by link: some RedisLink, lost: @escaping () -> Void, refuse: @escaping (StateError) -> Void
  ) {
    let commands = versionCommands
    link.send(commands.read) { [weak link] result in
      // A question that fails is asked again.
      guard case .success(let reply) = result else { return }
      guard reply != .null else {
        link?.send(commands.write) { _ in
          lost()
          link?.send(lossAnnouncement) { _ in }
        }
        return
      }
      do throws(StateError) { try check(written: .null, read: reply) } catch { refuse(error) }
    }
  }

  /// Whether who has connected was the first to write the version: there was nothing, or it is gone,
  /// which nobody else can find out then. They are told.
  func isNew(written: RedisReply) -> Bool { written == .status("OK") }

  /// Tells everyone that what was there is gone. Who knows nothing of it takes it for a value that is
  /// none of its own.
  var lossAnnouncement: RedisKeyCommand {
    RedisKeyCommand(
      "PUBLISH", key: Array(channel.utf8),
      ["\(Self.lostName.group)\n\(Self.lostName.name)\n1\n\(writer)"])
  }

  /// What is announced when everything was lost.
  static let lostName = StateKey(group: "schema", name: "lost")

  /// Makes sure that whoever else writes there means the same.
  /// - Parameters: the answers to ``versionCommands``.
  func check(written: RedisReply, read: RedisReply) throws(StateError) {
    // A server that takes no writings for the moment, being full, can still be read.
    if case .error(let text) = written, case let fault = RedisFault(text), fault.endsConnection {
      throw fault.error
    }
    if case .error(let text) = read { throw RedisFault(text).error }
    if read == .null, case .error(let text) = written { throw RedisFault(text).error }
    guard let found = read.text else {
      throw StateError(.unavailable, "the server keeps nothing that is written")
    }
    guard found == Self.version else {
      throw StateError(
        .unavailable,
        "another version of Easel writes there (schema \(found.prefix(16)), this one "
          + "needs \(Self.version)); give one of them another prefix")
    }
  }
}
