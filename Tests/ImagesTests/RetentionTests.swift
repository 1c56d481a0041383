import Testing

@testable import Images

@Suite("Which pictures a sweep deletes")
struct RetentionTests {
  static let now = 1_000_000

  /// Pictures of 10 bytes, by their ages in seconds.
  func doomed(_ ages: [Int], _ retention: Retention, limit: Int = 100) -> [Int] {
    var plan = RetentionPlan(retention, now: Self.now, limit: limit)
    for (index, age) in ages.enumerated() {
      plan.add(
        RetentionPlan.Entry(
          id: "\(index)", format: .png, bytes: 10, written: (Self.now - age) * 1000))
    }
    return plan.doomed().map { Self.now - $0.written / 1000 }
  }

  @Test("those that are too old, to the second")
  func age() {
    let retention = Retention(expireAfter: .seconds(60))
    #expect(doomed([59, 61, 60, 100, 0], retention) == [100, 61])
  }

  @Test(
    "the oldest, until the rest is small enough", arguments: [(50, 0), (49, 1), (20, 3), (0, 5)])
  func size(bytes: Int, count: Int) {
    let ages = [3, 1, 5, 2, 4]
    #expect(doomed(ages, Retention(maxBytes: bytes)) == Array([5, 4, 3, 2, 1].prefix(count)))
  }

  @Test("by age and by size together")
  func both() {
    #expect(
      doomed([1, 2, 3, 90, 99], Retention(expireAfter: .seconds(60), maxBytes: 20)) == [99, 90, 3])
    #expect(
      doomed([1, 2, 3, 90, 99], Retention(expireAfter: .seconds(60), maxBytes: 1000)) == [99, 90])
  }

  @Test("none where nothing is bounded, and none that is from the future")
  func unlimited() {
    #expect(doomed([1, 1_000_000], Retention()).isEmpty)
    #expect(doomed([-100], Retention(expireAfter: .zero)).isEmpty)
    #expect(Retention().isUnlimited && !Retention(maxBytes: 0).isUnlimited)
  }

  @Test("not more than one sweep can take, and then the oldest of all")
  func bounded() {
    let ages = Array((1...95).reversed()).shuffled()
    #expect(doomed(ages, Retention(maxBytes: 0), limit: 10) == Array((86...95).reversed()))
    // What is beyond still counts.
    #expect(doomed(ages, Retention(maxBytes: 930), limit: 10) == [95, 94])
  }

  @Test("names that no store has given are nobody's")
  func names() {
    let id = "img_" + String(repeating: "0a", count: 16)
    #expect(PictureName("\(id).png") == PictureName(id, .picture(.png)))
    #expect(PictureName("\(id).json")?.text == "\(id).json")
    for wrong in [
      id, "\(id).", "\(id).txt", "\(id).PNG", "\(id).png.png", "\(id.uppercased()).png",
      "\(id)0.png", "../\(id).png", "img_.png", ".png", "",
    ] {
      #expect(PictureName(wrong) == nil, "\(wrong)")
    }
    #expect(PictureName.isValid(id: PictureName.newID()))
    #expect(PictureName.newID() != PictureName.newID())
  }
}
