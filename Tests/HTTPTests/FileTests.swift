import Glibc
import KinoraHTTP
import Testing

@Suite struct FileTests {
  private static let content = (0..<100).map { UInt8($0) }

  // Sun, 06 Nov 1994 08:49:37 GMT.
  private static let modified: Int64 = 784_111_777

  private func server(_ content: [UInt8], etag: String? = "abc") async throws -> TestServer {
    try await TestServer(
      service: TestService { request in
        guard request.path == "/file" else { return nil }
        return .now(
          HTTPResponse(
            status: 200, fields: ["Content-Type": "video/mp4"],
            body: .file(
              HTTPFile(
                descriptor: temporaryFile(content), length: Int64(content.count), etag: etag,
                modified: Self.modified))))
      })
  }

  struct Case: Sendable, CustomTestStringConvertible {
    let fields: String
    let status: Int
    let range: Range<Int>?
    init(_ fields: String, _ status: Int, _ range: Range<Int>? = nil) {
      self.fields = fields
      self.status = status
      self.range = range
    }
    var testDescription: String { fields }
  }

  static let cases: [Case] = [
    Case("", 200, 0..<100),
    Case("Range: bytes=0-0", 206, 0..<1),
    Case("Range: bytes=10-19", 206, 10..<20),
    Case("Range: bytes=90-", 206, 90..<100),
    Case("Range: bytes=90-1000", 206, 90..<100),
    Case("Range: bytes=-1", 206, 99..<100),
    Case("Range: bytes=-100", 206, 0..<100),
    Case("Range: bytes=-1000", 206, 0..<100),
    Case("Range: BYTES=1-2", 206, 1..<3),
    Case("Range: bytes=99-99999999999999999999", 206, 99..<100),
    Case("Range: bytes=100-", 416),
    Case("Range: bytes=100-200", 416),
    Case("Range: bytes=99999999999999999999-", 416),
    Case("Range: bytes=-0", 416),
    Case("Range: bytes=--5", 200, 0..<100),
    Case("Range: bytes=5-1", 200, 0..<100),
    Case("Range: bytes=a-b", 200, 0..<100),
    Case("Range: bytes=-", 200, 0..<100),
    Case("Range: bytes=1-2,4-5", 200, 0..<100),
    Case("Range: items=1-2", 200, 0..<100),
    Case("Range: bytes=1-2\r\nRange: bytes=3-4", 200, 0..<100),
    Case("Range: bytes=1-2\r\nIf-Range: \"abc\"", 206, 1..<3),
    Case("Range: bytes=1-2\r\nIf-Range: \"other\"", 200, 0..<100),
    Case("Range: bytes=1-2\r\nIf-Range: W/\"abc\"", 200, 0..<100),
    Case("Range: bytes=1-2\r\nIf-Range: Sun, 06 Nov 1994 08:49:37 GMT", 206, 1..<3),
    Case("Range: bytes=1-2\r\nIf-Range: Sun, 06 Nov 1994 08:49:38 GMT", 200, 0..<100),
    Case("If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT", 304),
    Case("If-Modified-Since: Sun Nov  6 08:49:38 1994", 304),
    Case("If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT", 200, 0..<100),
    Case("If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT", 200, 0..<100),
    Case("If-Modified-Since: yesterday", 200, 0..<100),
    Case("If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\nIf-None-Match: \"x\"", 200, 0..<100),
    Case("If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\nIf-None-Match: \"abc\"", 304),
    Case("If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT", 200, 0..<100),
    Case("If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT", 412),
    Case("If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\nIf-Match: \"abc\"", 200, 0..<100),
    Case("If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\nRange: bytes=0-4", 206, 0..<5),
    Case("If-None-Match: \"abc\"", 304),
    Case("If-None-Match: W/\"abc\"", 304),
    Case("If-None-Match: \"x\", \"a,b\", \"abc\"", 304),
    Case("If-None-Match: *", 304),
    Case("If-None-Match: \"x\"", 200, 0..<100),
    Case("If-None-Match: abc", 200, 0..<100),
    Case("If-None-Match: \"abc\"\r\nRange: bytes=1-2", 304),
    Case("If-Match: \"abc\"", 200, 0..<100),
    Case("If-Match: *", 200, 0..<100),
    Case("If-Match: \"x\"", 412),
    Case("If-Match: W/\"abc\"", 412),
    Case("If-Match: \"abc\"\r\nRange: bytes=0-4", 206, 0..<5),
    Case("If-Match: \"x\"\r\nRange: bytes=0-4", 412),
  ]

  @Test("ranges and conditions select what RFC 9110 says", arguments: cases)
  func selects(_ item: Case) async throws {
    let server = try await server(Self.content)
    let client = try server.client()
    client.send(
      "GET /file HTTP/1.1\r\nHost: x\r\n\(item.fields.isEmpty ? "" : item.fields + "\r\n")"
        + "Connection: close\r\n\r\n")
    let received = await client.waitBytes { _, ended in ended }
    client.close()
    let text = String(decoding: received.bytes.prefix { _ in true }, as: UTF8.self)
    #expect(text.statuses.first == item.status)
    switch item.status {
    case 200, 206:
      guard let range = item.range else { return }
      #expect(Array(received.bytes.suffix(range.count)) == Array(Self.content[range]))
      #expect(text.field("Content-Length") == "\(range.count)")
      #expect(text.field("Accept-Ranges") == "bytes")
      #expect(text.field("ETag") == "\"abc\"")
      #expect(text.field("Last-Modified") == "Sun, 06 Nov 1994 08:49:37 GMT")
      #expect(
        text.field("Content-Range")
          == (item.status == 206
            ? "bytes \(range.lowerBound)-\(range.upperBound - 1)/100" : nil))
    case 304:
      #expect(text.field("ETag") == "\"abc\"")
      #expect(text.field("Content-Type") == nil)
      #expect(text.field("Accept-Ranges") == nil)
      #expect(received.bytes.suffix(4) == [13, 10, 13, 10])
    case 416: #expect(text.field("Content-Range") == "bytes */100")
    default: #expect(text.body == "the file does not meet the condition")
    }
    await server.stop()
  }

  @Test("a range of HEAD is ignored, a range of an empty file lies outside")
  func edges() async throws {
    let full = try await server(Self.content)
    let head = try await full.exchange(
      "HEAD /file HTTP/1.1\r\nHost: x\r\nRange: bytes=1-2\r\n\r\n")
    #expect(head.statuses == [200, 299])
    #expect(head.field("Content-Length") == "100")
    await full.stop()
    let empty = try await server([], etag: nil)
    let whole = try await empty.exchange("GET /file HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(whole.statuses == [200, 299])
    #expect(whole.field("Content-Length") == "0")
    #expect(whole.field("ETag") == nil)
    let ranged = try await empty.exchange(
      "GET /file HTTP/1.1\r\nHost: x\r\nRange: bytes=0-\r\n\r\n")
    #expect(ranged.statuses == [416, 299])
    #expect(ranged.field("Content-Range") == "bytes */0")
    await empty.stop()
  }

  @Test("a large file arrives whole while small requests are answered in between")
  func large() async throws {
    let block = (0..<65_521).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 7) }
    let content = [[UInt8]](repeating: block, count: 160).reduce(into: [UInt8]()) { $0 += $1 }
    let server = try await server(content)
    let client = try server.client()
    client.send("GET /file HTTP/1.1\r\nHost: x\r\n\r\nGET /end HTTP/1.1\r\nHost: x\r\n\r\n")
    let other = try server.client()
    other.send("GET /end HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    #expect(await other.all().statuses == [299])
    let received = await client.waitBytes { bytes, ended in
      ended || (bytes.count > content.count && bytes.suffix(4) == [13, 10, 13, 10])
    }
    let start = received.bytes.count
    #expect(start > content.count)
    let head = String(decoding: received.bytes.prefix(400), as: UTF8.self)
    guard let cut = head.ranges(of: "\r\n\r\n").first else {
      Issue.record("no head")
      return
    }
    let offset = head[..<cut.upperBound].utf8.count
    #expect(Array(received.bytes[offset..<offset + content.count]) == content)
    #expect(
      String(decoding: received.bytes[(offset + content.count)...], as: UTF8.self).statuses
        == [299])
    client.close()
    other.close()
    await server.stop()
  }

  @Test("a file's descriptor is closed however its answer ends")
  func closes() async throws {
    let marks = Marks()
    let server = try await TestServer(
      service: TestService { request in
        guard request.path == "/file" else { return nil }
        let descriptor = temporaryFile(Self.content)
        marks.add(descriptor)
        let response = HTTPResponse(
          status: 200, body: .file(HTTPFile(descriptor: descriptor, length: 100, etag: "e")))
        return request.query == "late"
          ? .later {
            try? await Task.sleep(for: .milliseconds(50))
            return response
          } : .now(response)
      })
    for (method, fields) in [
      ("GET", ""), ("HEAD", ""), ("GET", "If-None-Match: *\r\n"), ("GET", "If-Match: \"x\"\r\n"),
      ("GET", "Range: bytes=500-\r\n"), ("GET", "Range: bytes=1-2\r\n"),
    ] {
      _ = try await server.exchange("\(method) /file HTTP/1.1\r\nHost: x\r\n\(fields)\r\n")
    }
    let gone = try server.client()
    gone.send("GET /file?late HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(await eventually { marks.all.count == 7 })
    gone.close()
    #expect(await eventually { server.service.ended.count == 7 })
    await server.stop()
    // The inode has no name, so a descriptor that still shows it was left open. Numbers are used
    // again by other tests, therefore the comparison of inodes.
    for mark in marks.all { #expect(Marks.inode(mark.descriptor) != mark.inode) }
  }
}
