import KinoraHTTP
import Testing

@Suite struct TextTests {
  @Test(
    "dates are those of RFC 9110",
    arguments: [
      (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
      (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
      (951_868_799, "Tue, 29 Feb 2000 23:59:59 GMT"),
      (951_868_800, "Wed, 01 Mar 2000 00:00:00 GMT"),
      (1_709_164_800, "Thu, 29 Feb 2024 00:00:00 GMT"),
      (1_798_761_599, "Thu, 31 Dec 2026 23:59:59 GMT"),
      (4_102_444_800, "Fri, 01 Jan 2100 00:00:00 GMT"),
      (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
    ] as [(Int64, String)])
  func dates(_ seconds: Int64, _ text: String) {
    #expect(HTTPDate.format(seconds) == text)
    #expect(HTTPDate.parse(text) == seconds)
  }

  @Test(
    "dates are taken in all three forms, and nothing else is",
    arguments: [
      ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777), ("Sun Nov  6 08:49:37 1994", 784_111_777),
      ("Fri, 06 Nov 1994 08:49:37 GMT", 784_111_777), ("Sun, 06 Nov 1994 08:49:37", nil),
      ("Sun, 06 Nov 1994 08:49:37 UTC", nil), ("Sun, 32 Nov 1994 08:49:37 GMT", nil),
      ("Sun, 06 Nov 1969 08:49:37 GMT", nil), ("Sun, 06 Nov 1994 24:49:37 GMT", nil),
      ("Sun, 06 November 1994 08:49:37 GMT", nil), ("784111777", nil), ("", nil),
      ("Saturday, 06-Nov-32 08:49:37 GMT", 1_983_343_777),
    ] as [(String, Int64?)])
  func taken(_ text: String, _ seconds: Int64?) {
    #expect(HTTPDate.parse(text) == seconds)
  }

  @Test(
    "percent-encoding is strict",
    arguments: [
      ("abc", "abc"), ("a%20b", "a b"), ("%C3%A9", "é"), ("%c3%a9", "é"), ("a+b", "a+b"), ("", ""),
      ("%", nil), ("%4", nil), ("%zz", nil), ("%C3", nil), ("%FF", nil), ("%00", nil),
      ("a%2Fb", "a/b"),
      ("%2541", "%41"),
    ] as [(String, String?)])
  func percent(_ text: String, _ expected: String?) {
    #expect(PercentCoding.decode(text) == expected)
  }

  @Test(
    "paths fall into segments, and none of them leads elsewhere",
    arguments: [
      ("/", [""]), ("/v1/videos", ["v1", "videos"]), ("/a%20b/", ["a b", ""]),
      ("/a//b", ["a", "", "b"]),
      ("/a/../b", nil), ("/a/%2e%2e/b", nil), ("/.", nil), ("/a%2fb", nil), ("/%", nil),
      ("/..a", ["..a"]),
    ] as [(String, [String]?)])
  func segments(_ path: String, _ expected: [String]?) {
    let request = HTTPRequest(method: "GET", path: path, peer: .tcp(address: "x"))
    #expect(request.segments == expected)
  }

  @Test("queries keep order and doubles, and are bounded")
  func queries() throws {
    let query = try #require(HTTPQuery("a=1&b=x+y%26&a=2&c&=d&&e=f=g"))
    #expect(query.items.map(\.name) == ["a", "b", "a", "c", "", "e"])
    #expect(query["a"] == "1")
    #expect(query.values("a") == ["1", "2"])
    #expect(query["b"] == "x y&")
    #expect(query["c"] == "")
    #expect(query["e"] == "f=g")
    #expect(query["x"] == nil)
    #expect(HTTPQuery(nil)?.items == [])
    #expect(HTTPQuery("a=%") == nil)
    #expect(HTTPQuery(String(repeating: "a&", count: 101)) == nil)
  }

  @Test("fields compare without case and keep their order")
  func fields() {
    var fields: HTTPFields = ["Content-Type": "a", "X": "1", "x": "2"]
    #expect(fields["content-TYPE"] == "a")
    #expect(fields.values("X") == ["1", "2"])
    // `[` and `{` differ in the same bit as the cases of a letter do.
    #expect(HTTPFields(["a[": "1"])["a{"] == nil)
    fields.replace("x", "3")
    #expect(fields.list.map(\.name) == ["Content-Type", "x"])
    fields.append("Y", "4")
    #expect(fields["y"] == "4")
  }
}
