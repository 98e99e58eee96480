import KinoraPlugin
import Testing

/// The SDK's JSON: forgiving where providers are careless, exact where money is.
@Suite struct SDKJSONTests {
  private func read(_ text: String) -> JSON? { JSON(reading: Array(text.utf8)) }

  @Test("paths through what is there and what is not")
  func paths() throws {
    let json = try #require(
      read(#"{"data":[{"url":"u","n":1,"f":1.5,"t":true}],"a/b":{"~":7},"":0}"#))
    #expect(json["data"][0]["url"].string == "u")
    #expect(json["data"][1]["url"].string == nil)
    #expect(json["data"]["url"].isNull)
    #expect(json.at("/data/0/n").int == 1)
    #expect(json.at("/a~1b/~0").int == 7)
    #expect(json.at("") == json)
    #expect(json.at("/data/x").isNull)
    #expect(json["data"][0]["f"].integer == nil)
    #expect(json["data"][0]["f"].double == 1.5)
    #expect(json["data"][0]["n"].text == "1")
  }

  @Test("careless texts are read, broken ones are not")
  func lenient() {
    #expect(read("\u{FEFF} {\"a\":1} \n")?["a"].int == 1)
    #expect(read(#"{"a":1,"a":2}"#)?["a"].int == 1)
    #expect(read(#""\ud83e\udd8a\u00e4\/""#)?.string == "\u{1F98A}\u{e4}/")
    #expect(read(#""\ud83e""#)?.string == "\u{FFFD}")
    #expect(JSON(reading: [0x22, 0xff, 0x22])?.string == "\u{FFFD}")
    #expect(read("99999999999999999999")?.double == 1e20)
    #expect(read("-0.5e-1")?.double == -0.05)
    for text in [
      "", "{", "[1,]", "{\"a\"}", "tru", "1.", ".5", "+1", "--1", "1-1", "\"", "\"\\u12\"", "1e999",
      "{} x", "\"\\x\"", String(repeating: "[", count: 70) + String(repeating: "]", count: 70),
    ] {
      #expect(read(text) == nil, "\(text)")
    }
  }

  @Test("what is written is read back, with control characters escaped")
  func written() {
    var json: JSON = ["s": "a\"\\\n\u{1}\u{7f}", "list": [1, -2.5, true, .null], "big": 9e15]
    #expect(JSON(reading: json.bytes) == json)
    #expect(!json.bytes.contains { $0 < 0x20 || $0 == 0x7f })
    json["list"] = .null
    json["new"] = JSON(Double?.none)
    json["seconds"] = JSON(5.0 as Double?)
    #expect(json.members.map(\.key) == ["s", "big", "seconds"])
    #expect(json["seconds"] == 5)
    #expect(JSON.number(.infinity).bytes == Array("null".utf8))
  }

  @Test("dollars become millionths, whatever form they have")
  func money() {
    #expect(JSON.number(0.1).microUSD == 100_000)
    #expect(JSON.string("0.305").microUSD == 305_000)
    #expect(JSON.integer(2).microUSD == 2_000_000)
    #expect(JSON.number(0.000_000_4).microUSD == 0)
    for none: JSON in [-1, "x", .null, true, "nan", 1e300] { #expect(none.microUSD == nil) }
  }
}
