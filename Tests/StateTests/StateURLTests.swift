import Observability
import Testing

@testable import State

@Suite("State URL")
struct StateURLTests {
  private func redis(_ text: String) throws -> RedisURL {
    guard case .redis(let url) = try StateURL(parsing: text) else {
      throw StateURL.Fault(message: "\(text) is no Redis")
    }
    return url
  }

  @Test("memory and files are named by their schemes")
  func local() throws {
    #expect(try StateURL(parsing: "memory:") == .memory)
    #expect(try StateURL(parsing: "sqlite:data/easel.db") == .standard)
    #expect(try StateURL(parsing: "sqlite:/var/lib/a b?c.db") == .sqlite(path: "/var/lib/a b?c.db"))
    #expect(try StateURL(parsing: "sqlite:///var/easel.db") == .sqlite(path: "/var/easel.db"))
  }

  @Test("a server is named by host, port and database; what is missing has a default")
  func single() throws {
    let plain = try redis("redis://localhost")
    #expect(plain.form == .single && plain.hosts.map(\.description) == ["localhost:6379"])
    #expect(plain.database == 0 && plain.user == nil && plain.password == nil && !plain.usesTLS)
    #expect(plain.prefix == "easel:" && plain.timeout == .milliseconds(50))
    #expect(plain.connectTimeout == .milliseconds(200))
    let full = try redis(
      "rediss://us%40er:p%2Fa%3ass@[2001:db8::1]:7000/12?prefix=a.b:&timeout=1s"
        + "&connect_timeout=2500ms&ca_file=%2Fetc%2Fca.pem")
    #expect(full.usesTLS && full.user == "us@er" && full.password == Secret("p/a:ss"))
    #expect(full.hosts == [RedisURL.Host(name: "2001:db8::1", port: 7000)])
    #expect(full.database == 12 && full.prefix == "a.b:" && full.timeout == .seconds(1))
    #expect(full.connectTimeout == .milliseconds(2500) && full.authorityFile == "/etc/ca.pem")
    #expect(try redis("redis://:pass@h:1/").password == Secret("pass"))
    #expect(try redis("redis://:pass@h:1/").user == nil)
    #expect(try redis("redis://:@h").password == nil)
    #expect(try redis("redis://:a@b@h").password == Secret("a@b"), "the last @ ends a password")
    #expect(try redis("redis://:a/b@h/1").password == Secret("a/b"))
  }

  @Test("a socket is named by its path")
  func socket() throws {
    for text in ["unix:///run/redis.sock?db=3&password=x%26y", "redis+unix:///run/redis.sock?db=3"]
    {
      let url = try redis(text)
      #expect(url.form == .unixSocket && url.path == "/run/redis.sock" && url.database == 3)
    }
    #expect(try redis("unix:///a?password=x%26y").password == Secret("x&y"))
    #expect(try redis("unix://user:pw@/a").user == "user")
  }

  @Test("sentinels and clusters are named by several hosts")
  func groups() throws {
    let sentinels = try redis(
      "redis+sentinel://u:p@a,b:5000,[::1]/main/2?sentinel_user=w&sentinel_password=s&tls=on")
    #expect(sentinels.form == .sentinel && sentinels.master == "main" && sentinels.database == 2)
    #expect(sentinels.hosts.map(\.description) == ["a:26379", "b:5000", "[::1]:26379"])
    #expect(sentinels.sentinelPassword == Secret("s") && sentinels.usesTLS)
    #expect(sentinels.sentinelUser == "w")
    let cluster = try redis("redis+cluster://u:p@a,b:7001/")
    #expect(cluster.form == .cluster && cluster.user == "u" && cluster.database == 0)
    #expect(cluster.hosts.map(\.description) == ["a:6379", "b:7001"])
  }

  @Test(
    "what is wrong is refused by a sentence that shows no secret",
    arguments: [
      "", "redis", "mysql://a", "sqlite:", "sqlite::memory:", "redis://", "redis://h:0",
      "redis://h:65536", "redis://h:x", "redis://a,b", "redis://h/x", "redis://h/1/2",
      "redis://h/99999", "redis://h?timeout=0ms", "redis://h?timeout=6s", "redis://h?timeout=50",
      "redis://h?timeout=", "redis://h?connect_timeout=1ms", "redis://h?what=1", "redis://[::1",
      "redis://h?prefix=%7B", "redis://h?prefix=a%20b", "redis://h?tls=maybe", "redis://user@h",
      "redis://h a", "redis://::1:6379", "unix://relative", "unix:///a?tls=on",
      "redis+sentinel://a,b", "redis+sentinel://a,b/", "redis+cluster://a/3",
      "redis+cluster://a?db=3", "redis+cluster://a,,b", "redis://u:canary%2@h",
      "redis://u:canary%ff@h", "redis://u:canary?x@h", "redis://:0/canary?canary=canary@h/0",
      "redis://u:canary@h:port", "redis://u:canary@", "redis://u:canary@h?what=1",
      "redis://canary@h", "redis://h?password=canary&user=a&db=x", "rediss://u:canary@a,b",
      "redis+sentinel://u:canary@a", "redis+sentinel://a/m?sentinel_user=canary",
      "redis+cluster://u:canary@a/1", "redis://h/canary", "redis://h/1/canary",
      "redis://h?db=canary", "redis://h:canary", "redis://canary!", "redis+cluster://h/canary",
      "redis+sentinel://h/main/canary", "redis://h?canary", "redis://h?canary=1",
      "redis://h?password=a&canary", "redis://h?prefix=canary%20b", "redis://h?timeout=canary",
      "redis://h?connect_timeout=canary", "redis://h?tls=canary", "unix://canary",
      "unix:///a?db=canary", "redis:u:canary@h", "redis:u:canary@h://", "u:canary@h",
    ])
  func faults(_ text: String) {
    let fault = #expect(throws: StateURL.Fault.self) { try StateURL(parsing: text) }
    #expect(fault?.message.contains("canary") == false, "\(fault?.message ?? "")")
    #expect((fault?.message.count ?? 0) > 10)
  }

  @Test("it is shown without credentials and options")
  func shown() throws {
    for (text, shown) in [
      ("memory:", "memory:"), ("sqlite:a/b.db", "sqlite:a/b.db"),
      ("redis://u:canary@h:1/2?password=canary", "redis://h:1/2"),
      ("rediss://:canary@[::1]", "rediss://[::1]:6379/0"),
      ("unix:///a?password=canary", "unix:///a"),
      (
        "redis+sentinel://u:canary@a,b/m?sentinel_password=canary",
        "redis+sentinel://a:26379,b:26379/m"
      ),
      ("redis+cluster://u:canary@a,b", "redis+cluster://a:6379,b:6379"),
    ] {
      let url = try StateURL(parsing: text)
      #expect(url.shown == shown)
      #expect(!"\(url)".contains("canary") && !String(reflecting: url).contains("canary"))
    }
  }
}
