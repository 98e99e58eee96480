import KinoraHTTP
import Testing

/// Requests of published parser defects (CVE-2023-30589, CVE-2024-27982, CVE-2025-23167 and
/// relatives). Each must be refused, or framed exactly as it is meant.
@Suite struct ProbeTests {
  struct Probe: Sendable, CustomTestStringConvertible {
    let name: String
    let raw: String
    let good: Bool
    init(_ name: String, _ raw: String, good: Bool = false) {
      self.name = name
      self.raw = raw
      self.good = good
    }
    var testDescription: String { name }
  }

  static let head = "POST /echo HTTP/1.1\r\nHost: x\r\n"
  static let chunks = "5\r\nhello\r\n0\r\n\r\n"
  static let te = head + "Transfer-Encoding: chunked\r\n"

  static let probes: [Probe] = [
    Probe("plain length", head + "Content-Length: 5\r\n\r\nhello", good: true),
    Probe("bare CR ends a field", head + "X: a\rContent-Length: 5\r\n\r\nhello"),
    Probe("bare CR, then TE", head + "X: a\rTransfer-Encoding: chunked\r\n\r\n" + chunks),
    Probe("empty field and bare CR", head + "X:\rContent-Length: 5\r\n\r\nhello"),
    Probe(
      "blank before the first field",
      "POST /echo HTTP/1.1\r\n Host: x\r\nContent-Length: 5\r\n\r\nhello"),
    Probe(
      "blank before Content-Length",
      "POST /echo HTTP/1.1\r\n Content-Length: 5\r\nHost: x\r\n\r\nhello"),
    Probe("folded Content-Length", head + "X: a\r\n Content-Length: 5\r\n\r\nhello"),
    Probe("head ended by CRLF CR X", head + "Content-Length: 5\r\n\rXhello"),
    Probe("GET ended by CRLF CR X", "GET /ping HTTP/1.1\r\nHost: x\r\n\rX"),
    Probe("chunk extension with LF", te + "\r\n5;\nxx\r\nhello\r\n0\r\n\r\n"),
    Probe("chunk size ended by LF", te + "\r\n5\nhello\r\n0\r\n\r\n"),
    Probe("chunk data without CRLF", te + "\r\n5\r\nhelloXX0\r\n\r\n"),
    Probe(
      "TE chunked, identity", head + "Transfer-Encoding: chunked, identity\r\n\r\n" + chunks),
    Probe(
      "folded TE", head + "Transfer-Encoding: chunked\r\n , identity\r\n\r\n" + chunks),
    Probe("TE twice", te + "Transfer-Encoding: identity\r\n\r\n" + chunks),
    Probe("trailers", te + "\r\n5\r\nhello\r\n0\r\nX-T: 1\r\n\r\n", good: true),
    Probe(
      "CVE-2023-30589", head + "X-Abc: \rxTransfer-Encoding: chunked\r\n\r\n1\r\nA\r\n0\r\n\r\n"),
    Probe("CR x Content-Length", head + "X-Abc:\rxContent-Length: 5\r\n\r\nhello"),
    Probe("blank CR x Content-Length", head + "X-Abc: \rxContent-Length: 5\r\n\r\nhello"),
    Probe("CR CR Content-Length", head + "X-Abc: \r\rContent-Length: 5\r\n\r\nhello"),
    Probe(
      "CVE-2024-27982", head + "Content-Length: 0\r\n Content-Length: 5\r\n\r\nhello"),
    Probe(
      "blank before TE", head + "Content-Length: 5\r\n Transfer-Encoding: chunked\r\n\r\nhello"),
    Probe("blank before the colon", head + "Content-Length : 5\r\n\r\nhello"),
    Probe("CVE-2025-23167", head + "Content-Length: 5\r\n\rhello"),
    // Beyond the published ones.
    Probe("two lengths", head + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"),
    Probe("length and TE", te + "Content-Length: 5\r\n\r\n" + chunks),
    Probe("signed length", head + "Content-Length: +5\r\n\r\nhello"),
    Probe("empty length", head + "Content-Length:\r\n\r\n"),
    Probe("list of lengths", head + "Content-Length: 5, 5\r\n\r\nhello"),
    Probe("length over 2^64", head + "Content-Length: 18446744073709551621\r\n\r\nhello"),
    Probe("NUL in a value", "GET /ping HTTP/1.1\r\nHost: x\r\nA: \0\r\n\r\n"),
    Probe("blank in a name", "GET /ping HTTP/1.1\r\nHost: x\r\nA b: c\r\n\r\n"),
    Probe("bare LF ends a field", "GET /ping HTTP/1.1\r\nHost: x\nA: b\r\n\r\n"),
    Probe("bare LF ends the head", "GET /ping HTTP/1.1\r\nHost: x\r\n\n"),
    Probe("bare LF ends the request line", "GET /ping HTTP/1.1\nHost: x\r\n\r\n"),
    Probe("obs-fold", "GET /ping HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n"),
    Probe("empty name", "GET /ping HTTP/1.1\r\nHost: x\r\n: b\r\n\r\n"),
    Probe("a lone colon", "GET /ping HTTP/1.1\r\nHost: x\r\n:\r\n\r\n"),
    Probe("a line without colon", "GET /ping HTTP/1.1\r\nHost: x\r\nabc\r\n\r\n"),
    Probe("empty TE", head + "Transfer-Encoding:\r\n\r\n" + chunks),
    Probe("comma TE", head + "Transfer-Encoding: ,chunked\r\n\r\n" + chunks),
    Probe("quoted TE", head + "Transfer-Encoding: \"chunked\"\r\n\r\n" + chunks),
    Probe("gzip TE", head + "Transfer-Encoding: gzip, chunked\r\n\r\n" + chunks),
    Probe(
      "chunked on 1.0",
      "POST /echo HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks),
    Probe("negative chunk size", te + "\r\n-5\r\nhello\r\n0\r\n\r\n"),
    Probe("prefixed chunk size", te + "\r\n0x5\r\nhello\r\n0\r\n\r\n"),
    Probe("chunk size over 2^64", te + "\r\n10000000000000005\r\nhello\r\n0\r\n\r\n"),
    Probe("empty chunk size", te + "\r\n\r\nhello\r\n0\r\n\r\n"),
    Probe("trailer ended by LF", te + "\r\n5\r\nhello\r\n0\r\nX: 1\n\r\n"),
    Probe("body ended by LF", te + "\r\n5\r\nhello\r\n0\r\n\n"),
    Probe("folded trailer", te + "\r\n5\r\nhello\r\n0\r\nX: 1\r\n b\r\n\r\n"),
    Probe("blank before the first trailer", te + "\r\n5\r\nhello\r\n0\r\n X: 1\r\n\r\n"),
    Probe(
      "huge chunk extension",
      te + "\r\n5;a=" + String(repeating: "x", count: 300_000) + "\r\nhello\r\n0\r\n\r\n"),
    Probe(
      "leading zeros without end",
      te + "\r\n" + String(repeating: "0", count: 100_000) + "5\r\nhello\r\n0\r\n\r\n"),
    Probe("chunk extension", te + "\r\n5;a=b\r\nhello\r\n0\r\n\r\n", good: true),
    Probe(
      "uppercase chunked", head + "Transfer-Encoding: CHUNKED\r\n\r\n" + chunks, good: true),
    Probe("TLS", "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}"),
    Probe(
      "lower case method", "post /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
      good: true),
    Probe("two blanks", "GET  /ping HTTP/1.1\r\nHost: x\r\n\r\n"),
  ]

  @Test("a smuggled request is refused once and the connection closed", arguments: probes)
  func probe(_ probe: Probe) async throws {
    let server = try await TestServer()
    let text = try await server.exchange(probe.raw)
    if probe.good {
      #expect(text.statuses == [200, 299])
      #expect(text.body.hasPrefix("hello"))
    } else {
      #expect(text.statuses == [400])
      #expect(text.field("Connection") == "close")
    }
    await server.stop()
  }
}
