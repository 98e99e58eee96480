import KinoraModel
import KinoraTransport
import Testing

@Suite struct OutboundURLTests {
  @Test(
    "an address is written anew from its parts",
    arguments: [
      ("https://Example.COM", "https://example.com/"),
      ("HTTPS://example.com:443/a/b?c=d#frag", "https://example.com/a/b?c=d"),
      ("http://example.com:80/", "http://example.com/"),
      ("http://127.1:8188/x", "http://127.0.0.1:8188/x"),
      ("https://[2606:4700:0:0::1111]/", "https://[2606:4700::1111]/"),
      ("https://example.com./a", "https://example.com/a"),
      ("https://example.com?x=1", "https://example.com/?x=1"),
      (
        "https://example.com/a\"b<c>{d}|e^f`[g]",
        "https://example.com/a%22b%3Cc%3E%7Bd%7D%7Ce%5Ef%60%5Bg%5D"
      ),
      ("https://example.com/%7Euser/ü", "https://example.com/%7Euser/%C3%BC"),
      ("https://good.example#@evil.example/", "https://good.example/"),
    ])
  func written(text: String, expected: String) throws {
    #expect(try OutboundURL(text).text == expected)
  }

  @Test(
    "what two parsers could read in two ways is refused",
    arguments: [
      "https://user@example.com/", "https://user:pw@example.com/", "https://a@b@c/",
      "https://example.com\\@evil.example/", "https://example.com/a b",
      "https://example.com/\r\nX: y",
      "https://example.com/\u{0}", "https://example.com/\t", " https://example.com/",
      "https://example.com:0/", "https://example.com:65536/", "https://example.com:+80/",
      "https://example.com:/", "https://example.com:8a/", "https:///x", "https:/example.com",
      "https:example.com", "//example.com/", "ftp://example.com/", "file:///etc/passwd",
      "gopher://example.com/", "https://example.com/%zz", "https://example.com/%4", "https://?x",
      "data:text/plain,hi", "javascript:alert(1)", "https://", "",
      "https://example.com/" + String(repeating: "a", count: 20_000),
    ])
  func refused(text: String) {
    let error = #expect(throws: KinoraError.self) { try OutboundURL(text) }
    #expect(error?.code == .urlRefused)
  }

  @Test(
    "a redirect is resolved against the address it came from",
    arguments: [
      ("/x", "https://a.example/x"), ("y?z=1", "https://a.example/p/y?z=1"),
      ("?q=2", "https://a.example/p/r?q=2"), ("../../../up", "https://a.example/up"),
      ("./here/", "https://a.example/p/here/"), ("//b.example/z", "https://b.example/z"),
      ("https://c.example:444/", "https://c.example:444/"), ("", "https://a.example/p/r?s=t"),
      ("/u?to=https://d.example/", "https://a.example/u?to=https://d.example/"),
      ("#only", "https://a.example/p/r?s=t"),
    ])
  func resolved(location: String, expected: String) throws {
    let base = try OutboundURL("https://a.example/p/r?s=t")
    #expect(try base.resolving(location).text == expected)
  }

  @Test(
    "a redirect to another scheme or with a hidden line end is refused",
    arguments: [
      "ftp://b.example/", "file:///etc/passwd", "javascript:x", "/a\r\nb", "https://u@b/",
    ])
  func redirectRefused(location: String) throws {
    let base = try OutboundURL("https://a.example/p")
    #expect(throws: KinoraError.self) { try base.resolving(location) }
  }
}
