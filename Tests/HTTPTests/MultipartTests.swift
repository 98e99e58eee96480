import KinoraHTTP
import Testing

@Suite struct MultipartTests {
  private struct Part: Equatable {
    var part: MultipartPart
    var data: [UInt8]
    var ended = false
  }

  private static let type = "multipart/form-data; boundary=\"a b\""

  /// Parses `body` in pieces of `size` bytes.
  private func parse(
    _ body: [UInt8], size: Int = .max, type: String = type, limits: MultipartParser.Limits = .init()
  ) throws(MultipartError) -> [Part] {
    var parser = try MultipartParser(contentType: type, limits: limits)
    var parts: [Part] = []
    var at = 0
    while at < body.count {
      let piece = Array(body[at..<min(body.count, at + min(size, body.count))])
      at += piece.count
      try piece.withUnsafeBufferPointer { (bytes) throws(MultipartError) in
        try parser.feed(UnsafeRawBufferPointer(bytes)) { event throws(MultipartError) in
          switch event {
          case .partBegan(let part): parts.append(Part(part: part, data: []))
          case .data(let bytes): parts[parts.count - 1].data += bytes
          case .partEnded: parts[parts.count - 1].ended = true
          }
        }
      }
    }
    try parser.finish()
    return parts
  }

  private func parse(_ body: String, size: Int = .max) throws(MultipartError) -> [Part] {
    try parse(Array(body.utf8), size: size)
  }

  private static let form =
    "--a b\r\nContent-Disposition: form-data; name=\"prompt\"\r\n\r\na cat\r\n"
    + "--a b\r\ncontent-disposition: FORM-DATA; name=image; filename=\"c\\\"a%22t.png\"\r\n"
    + "Content-Type: image/png\r\nContent-Transfer-Encoding: binary\r\n\r\n"
    + "\r\n--a \r\n--a\r\r\n-\n--a b\r\n"
    + "\r\n--a b\r\nContent-Disposition: form-data; name=\"\"\r\n\r\n\r\n--a b--\r\n"

  @Test("parts come out the same in whatever pieces the body comes in")
  func pieces() throws {
    let whole = try parse(Self.form)
    #expect(whole.count == 3)
    #expect(whole.allSatisfy { $0.ended })
    #expect(whole[0].part.name == "prompt")
    #expect(whole[0].part.filename == nil)
    #expect(whole[0].data == Array("a cat".utf8))
    #expect(whole[1].part.name == "image")
    #expect(whole[1].part.filename == "c\"a%22t.png")
    #expect(whole[1].part.contentType == "image/png")
    #expect(whole[1].data == Array("\r\n--a \r\n--a\r\r\n-\n--a b\r\n".utf8))
    #expect(whole[2].part.name == "")
    #expect(whole[2].data.isEmpty)
    for size in 1...80 { #expect(try parse(Self.form, size: size) == whole) }
  }

  @Test("binary data of any shape survives, every cut near its end included")
  func binary() throws {
    var data = (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    data += Array("\r\n--a ".utf8)
    let head = "--a b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x\"\r\n\r\n"
    let body = Array(head.utf8) + data + Array("\r\n--a b--".utf8)
    for size in [1, 2, 3, 7, 64, 4096, 5000, 5061, 5062, 5063, 6000] {
      let parts = try parse(body, size: size)
      #expect(parts.first?.data == data)
    }
  }

  static let bad: [(String, String)] = [
    ("empty", ""),
    ("no end", "--a b\r\nContent-Disposition: form-data; name=a\r\n\r\nx"),
    ("end cut", "--a b\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--a b-"),
    ("preamble", "hello\r\n--a b--\r\n"),
    ("other boundary", "--ab\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--ab--\r\n"),
    ("bare LF", "--a b\nContent-Disposition: form-data; name=a\n\nx\n--a b--\n"),
    ("LF in the head", "--a b\r\nContent-Disposition: form-data; name=a\nX: y\r\n\r\n\r\n--a b--"),
    ("text after the delimiter", "--a b x\r\nContent-Disposition: form-data; name=a\r\n\r\n"),
    ("epilogue", "--a b--\r\nx"),
    ("no disposition", "--a b\r\nContent-Type: a/b\r\n\r\n\r\n--a b--"),
    ("no name", "--a b\r\nContent-Disposition: form-data\r\n\r\n\r\n--a b--"),
    ("no form data", "--a b\r\nContent-Disposition: attachment; name=a\r\n\r\n\r\n--a b--"),
    ("two names", "--a b\r\nContent-Disposition: form-data; name=a; name=b\r\n\r\n\r\n--a b--"),
    ("open quote", "--a b\r\nContent-Disposition: form-data; name=\"a\r\n\r\n\r\n--a b--"),
    (
      "base64",
      "--a b\r\nContent-Disposition: form-data; name=a\r\n"
        + "Content-Transfer-Encoding: base64\r\n\r\n\r\n--a b--"
    ),
    ("no head", "--a b\r\n\r\nx\r\n--a b--"),
    ("folded head", "--a b\r\nContent-Disposition: form-data;\r\n name=a\r\n\r\n\r\n--a b--"),
    (
      "large head",
      "--a b\r\nContent-Disposition: form-data; name=a\r\nX: "
        + String(repeating: "a", count: 9000) + "\r\n\r\n\r\n--a b--"
    ),
  ]

  @Test("what is not exactly a form is refused, also byte by byte", arguments: bad)
  func refused(_ name: String, _ body: String) {
    #expect(throws: MultipartError.self) { try parse(body) }
    #expect(throws: MultipartError.self) { try parse(body, size: 1) }
  }

  @Test("boundaries are those of RFC 2046")
  func boundaries() throws {
    for type in [
      "multipart/form-data", "multipart/form-data; boundary=", "multipart/mixed; boundary=a",
      "multipart/form-data; boundary=\"a \"", "application/json", "",
      "multipart/form-data; boundary=\(String(repeating: "a", count: 71))",
      "multipart/form-data; boundary=a; boundary=b", "multipart/form-data; boundary=\"a",
    ] {
      #expect(throws: MultipartError.self) { try MultipartParser(contentType: type) }
    }
    let body = Array("--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--x--".utf8)
    #expect(try parse(body, type: "Multipart/Form-Data;charset=utf-8; Boundary=x").count == 1)
  }

  @Test("there are only so many parts")
  func parts() throws {
    let part = "--a b\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n"
    var limits = MultipartParser.Limits()
    limits.parts = 3
    let three = Array((String(repeating: part, count: 3) + "--a b--").utf8)
    let four = Array((String(repeating: part, count: 4) + "--a b--").utf8)
    #expect(try parse(three, limits: limits).count == 3)
    #expect(throws: MultipartError("more than 3 parts")) { try parse(four, limits: limits) }
  }

  @Test("an error of the receiver ends the feed and comes through")
  func receiver() throws {
    var parser = try MultipartParser(contentType: Self.type)
    #expect(throws: MultipartError("enough")) {
      try Array(Self.form.utf8).withUnsafeBufferPointer { (bytes) throws(MultipartError) in
        try parser.feed(UnsafeRawBufferPointer(bytes)) { (_) throws(MultipartError) in
          throw MultipartError("enough")
        }
      }
    }
  }
}
