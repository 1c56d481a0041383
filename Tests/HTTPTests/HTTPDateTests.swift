import Testing

@testable import HTTP

@Suite("HTTP dates")
struct HTTPDateTests {
  @Test(
    "a date is written and read back",
    arguments: [
      (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
      (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (-1, "Wed, 31 Dec 1969 23:59:59 GMT"),
      (1_709_251_199, "Thu, 29 Feb 2024 23:59:59 GMT"),
      (4_102_444_800, "Fri, 01 Jan 2100 00:00:00 GMT"),
      (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"),
    ])
  func bothWays(_ seconds: Int, _ text: String) {
    #expect(HTTPDate(seconds: seconds).description == text)
    #expect(HTTPDate(text)?.seconds == seconds)
  }

  @Test("every day of 400 years survives the way there and back")
  func everyDay() {
    for day in 0..<146_097 {
      let date = HTTPDate(seconds: day * 86_400 + day % 86_400)
      #expect(HTTPDate(date.description) == date)
    }
  }

  @Test(
    "what is no date of this form is refused",
    arguments: [
      "", "120", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
      "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC",
      "Sun, 06 Nox 1994 08:49:37 GMT", "Sun, 32 Nov 1994 08:49:37 GMT",
      "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:60:37 GMT",
      "Sun, 06 Nov 1994 08:49 GMT", "Sun, 06 Nov 1994 08:49:-7 GMT",
      "Sun, 00 Nov 1994 08:49:37 GMT",
    ])
  func refused(_ text: String) {
    #expect(HTTPDate(text) == nil)
  }
}
