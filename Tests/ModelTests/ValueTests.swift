import KinoraModel
import Testing

@Suite struct JSONTests {
  @Test(
    "RFC 8259 texts are read",
    arguments: [
      ("null", JSON.null), ("true", true), (" [1,2] ", [1, 2]), ("1.5e2", 150.0), ("-0", 0),
      ("9223372036854775807", JSON.integer(Int64.max)), (#""\u00e9\ud83d\ude00\n""#, "é😀\n"),
      (#"{"a":{"b":[]}}"#, ["a": ["b": []]]),
    ] as [(String, JSON)])
  func reads(_ text: String, _ value: JSON) throws {
    let read = try JSON.parse(Array(text.utf8))
    #expect(read == value || (value.double != nil && read.double == value.double))
  }

  @Test(
    "what is not JSON is refused",
    arguments: [
      "", "nul", "01", "1.", "+1", "1e", "[1,]", "{\"a\":1,}", "{'a':1}", "\"\t\"", "\"\\x\"",
      "\"\\ud800\"", "{\"a\":1,\"a\":2}", "1 2", "\u{feff}1", "\"abc",
    ])
  func refuses(_ text: String) {
    #expect(throws: JSONSyntaxError.self) { try JSON.parse(Array(text.utf8)) }
  }

  @Test("what was written is read back equal, whatever it holds")
  func roundTrip() throws {
    let value: JSON = [
      "text": "a\"b\\c\n\u{1}\u{7f}é😀", "list": [1, -2, 2.5, JSON.null, true], "empty": [:],
    ]
    #expect(try JSON.parse(value.bytes) == value)
  }

  @Test("a long string is lifted out wherever the text is cut")
  func lifting() throws {
    let long = String(repeating: "QUJD", count: 20)
    let text = Array(#"{"a":"short","b":"\#(long)","c":1}"#.utf8)
    for cut in 0...text.count {
      var lifter = JSONLifter(threshold: 16, nonce: "n0")
      var rest: [UInt8] = []
      var lifted: [UInt8] = []
      for piece in [text[..<cut], text[cut...]] {
        let pieces = try Array(piece).withUnsafeBytes { raw in try lifter.feed(raw) }
        for case .text(let bytes) in pieces { rest += bytes }
        for case .lifted(let bytes) in pieces { lifted += bytes }
      }
      #expect(String(decoding: lifted, as: UTF8.self) == long)
      let json = try JSON.parse(rest)
      #expect(lifter.index(of: json["b"]?.string ?? "") == 0)
    }
  }
}

@Suite struct ValueTests {
  @Test(
    "decimals become millionths exactly, and more digits round up",
    arguments: [
      ("0", 0), ("12", 12_000_000), ("0.50", 500_000), ("1.2345678", 1_234_568),
      ("0.0000001", 1), ("3.2", 3_200_000),
    ])
  func money(_ text: String, _ micros: Int64) {
    #expect(MicroUSD(decimal: text)?.rawValue == micros)
  }

  @Test("what is no amount is none", arguments: ["", ".5", "1.", "-1", "1e3", "1,5", "$1"])
  func noMoney(_ text: String) { #expect(MicroUSD(decimal: text) == nil) }

  @Test("days and times are UTC")
  func times() {
    #expect(UTC.timestamp(1_795_248_930_250) == "2026-11-21T08:15:30.250Z")
    #expect(UTC.day(951_782_400_000) == "2000-02-29")
    #expect(UTC.parse("2026-09-24") == 1_790_208_000_000)
    #expect(UTC.parse("yesterday") == nil)
  }

  @Test("a secret never prints")
  func secret() {
    let secret = Secret("sk-very-secret")
    #expect("\(secret)" == "***" && String(reflecting: secret) == "***")
    #expect(secret.matches(Secret("sk-very-secret")) && !secret.matches(Secret("sk-very-secre")))
  }

  @Test("the moves of a job are closed, and what is over stays over")
  func moves() {
    for state in JobState.allCases where state.isTerminal && state != .expired {
      #expect(state.successors.isEmpty, "\(state)")
    }
    #expect(!JobState.submitUnknown.isOutwardlyOver && JobState.held.outward == "failed")
  }

  @Test("a catalog with a word too many is refused with its place")
  func catalog() {
    let text =
      #"{"base_url":"https://x","models":[{"id":"a","kinds":["text-to-video"],"secnds":1}]}"#
    let error = #expect(throws: KinoraError.self) { try Catalog.parse(Array(text.utf8)) }
    #expect(error?.field == "catalog.models[0].secnds")
  }
}
