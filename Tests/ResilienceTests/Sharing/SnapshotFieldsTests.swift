import SeededRandom
import Testing

@testable import Resilience

@Suite("Snapshots as the fields of a hash")
struct SnapshotFieldsTests {
  @Test func whatIsWrittenIsReadAgain() {
    var generator = SeededGenerator(21)
    for _ in 0..<5000 {
      let snapshot = BreakerSnapshot.random(using: &generator)
      let read = BreakerSnapshot(fields: snapshot.encode())
      guard read == snapshot else {
        Issue.record("\(snapshot) became \(String(describing: read))")
        return
      }
    }
  }

  @Test func theFieldsAreAlwaysTheSameSoThatNoneOutlivesAWriting() {
    var generator = SeededGenerator(22)
    let names = Set(BreakerSnapshot().encode().keys)
    for _ in 0..<100 {
      #expect(Set(BreakerSnapshot.random(using: &generator).encode().keys) == names)
    }
  }

  private static let optional: Set = [
    "owner", "trial_owner", "cooling", "bad_keys", "bad_keys_found", "no_credit", "no_credit_found",
  ]

  @Test func aMissingFieldIsRefusedAndAnUnknownOneIsNot() {
    let fields = BreakerSnapshot().encode()
    for name in fields.keys where !Self.optional.contains(name) {
      var without = fields
      without[name] = nil
      #expect(BreakerSnapshot(fields: without) == nil, "without \(name)")
    }
    var more = fields
    more["revision"] = "17"
    #expect(BreakerSnapshot(fields: more) == BreakerSnapshot())
    #expect(BreakerSnapshot(fields: [:]) == nil)
  }

  @Test(arguments: [
    ("v", "2"), ("state", "ajar"), ("until", "-1"), ("until", "9223372036854775807"),
    ("until", ""), ("until", "1e3"), ("until", "99999999999999999999999"), ("number", "x"),
    ("number", "2000000000000000000"), ("trips", "65"), ("trial_settled", "2"),
    ("override", "maybe"), ("generation", "0x1"), ("cooling", ":1"),
    ("bad_keys_found", "a:1"), ("bad_keys_found", "a:1:0"), ("bad_keys_found", "a:-1:2"),
    ("no_credit_found", "a:1:1 b:1:-1"), ("no_credit_found", "ä:1:1"),
  ])
  func aValueOutOfBoundsIsRefused(name: String, value: String) {
    var fields = BreakerSnapshot().encode()
    fields[name] = value
    #expect(BreakerSnapshot(fields: fields) == nil)
  }

  @Test func whatOlderVersionsHaveFoundOutIsReadAndEndsWithAnyReset() throws {
    var fields = BreakerSnapshot().encode()
    for name in ["cooling", "bad_keys_found", "no_credit_found"] { fields[name] = nil }
    (fields["cooling_until"], fields["bad_keys"]) = ("3000", "a:1000 a:b:4000")
    // This one knows no difference between keys.
    (fields["no_credit_until"], fields["no_credit"]) = ("2000", nil)
    let read = try #require(BreakerSnapshot(fields: fields))
    #expect(read.badKeys.until("a") == 1000 && read.badKeys.until("a:b") == 4000)
    #expect(read.noCredit.until("b") == 2000 && read.coolingUntil == 3000)
    var reset = BreakerSnapshot()
    reset.generation = 1
    #expect(read.merged(with: reset, now: 1) == reset)
    fields["bad_keys"] = "a:0"
    #expect(BreakerSnapshot(fields: fields) == nil)
  }

  @Test func olderVersionsReadTheEndOfEachPause() {
    var snapshot = BreakerSnapshot()
    snapshot.badKeys.extend("a", found: 1, until: 9)
    snapshot.badKeys.extend("a", found: 2, until: 8)
    snapshot.badKeys.extend("b", found: 1, until: 7)
    snapshot.cooling.extend("", found: 1, until: 6)
    let fields = snapshot.encode()
    #expect(fields["bad_keys"] == "a:9 b:7" && fields["bad_key_until"] == "9")
    #expect(fields["cooling_until"] == "6")
  }

  @Test func aTrialNeedsAnOwnerOfBoundedLength() {
    var fields = BreakerSnapshot().encode()
    fields["state"] = "half_open"
    for owner in [nil, "", String(repeating: "x", count: 129)] {
      fields["owner"] = owner
      #expect(BreakerSnapshot(fields: fields) == nil)
    }
    fields["owner"] = "a"
    #expect(BreakerSnapshot(fields: fields) != nil)
    // Older versions write none of the lease.
    for (owner, isRead) in [(nil, true), ("", true), (String(repeating: "x", count: 129), false)] {
      fields["trial_owner"] = owner
      #expect((BreakerSnapshot(fields: fields) != nil) == isRead)
    }
  }

  @Test func theLargestNumbersThatAreReadOverflowNothing() throws {
    var fields = BreakerSnapshot().encode()
    for name in fields.keys where fields[name] == "0" && name != "trial_settled" {
      fields[name] = name == "trips" ? "64" : String(Int64(1) << 60)
    }
    fields["state"] = "open"
    let snapshot = try #require(BreakerSnapshot(fields: fields))
    let bench = BreakerBench()
    _ = bench.breaker.absorb(snapshot, now: bench.now)
    bench.pass(minute(24 * 60))
    let token = try #require(bench.takeTrial())
    bench.record(.failure, of: token.permit)
    #expect(bench.state == .open(until: bench.now + minute(60)))
  }
}
