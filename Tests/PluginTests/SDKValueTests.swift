import KinoraPlugin
import Testing

/// Requests, bodies, answers and failures as a plugin's author makes and reads them.
@Suite struct SDKValueTests {
  private let context = Context(
    now: 784_111_777_000, attempt: 2, config: ["base_url": "https://h/v1/", "x": 1])

  private func job(_ inputs: JSON = []) throws -> Job {
    try Job(["id": "video_1", "model": "m", "prompt": "p", "inputs": inputs, "later": true])
  }

  private func text(_ body: Body) -> String {
    body.parts.map {
      switch $0 {
      case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
      case .input(let ref): "<\(ref)>"
      case .inputBase64(let ref): "<\(ref) base64>"
      }
    }.joined()
  }

  @Test("media stand in JSON as base64 or as data URLs, and never in memory")
  func media() throws {
    let job = try job([
      ["role": "first_frame", "ref": "in0", "mime": "image/png", "bytes": 5],
      ["role": "reference", "uri": "gs://b/o", "mime": "image/png"],
    ])
    let first = try #require(job.input("first_frame"))
    let second = job.inputs("reference")[0]
    let body = Body.json([
      "a": .base64(first), "b": .dataURL(first), "c": .base64(second), "d": "\"",
    ])
    #expect(
      text(body)
        == #"{"a":"<in0 base64>","b":"data:image/png;base64,<in0 base64>","c":null,"d":"\""}"#)
    #expect(body.contentType == "application/json")
    #expect(text(.input(first)) == "<in0>")
    #expect(Body.input(first).contentType == "image/png")
  }

  @Test("a form has the same boundary for the same job, and never one that a field holds")
  func multipart() throws {
    let job = try job([["role": "first_frame", "ref": "in0", "mime": "image/png", "bytes": 5]])
    var form = Multipart()
    form.field("prompt", "a fox\r\n--kinora-\(context.seed)")
    form.field("none", ifPresent: nil)
    form.file("ima\"ge\r\n", job.inputs[0], name: "a\"b.png")
    let body = form.body(context)
    let boundary = "kinora-\(context.seed)x"
    #expect(body.contentType == "multipart/form-data; boundary=\(boundary)")
    #expect(
      text(body) == """
        --\(boundary)\r
        content-disposition: form-data; name="prompt"\r
        \r
        a fox\r
        --kinora-\(context.seed)\r
        --\(boundary)\r
        content-disposition: form-data; name="ima%22ge%0D%0A"; filename="a%22b.png"\r
        content-type: image/png\r
        \r
        <in0>\r
        --\(boundary)--\r\n
        """)
    #expect(form.body(context) == body)
  }

  @Test("addresses, keys and placeholders")
  func addresses() {
    #expect(context.baseURL == "https://h/v1")
    #expect(context.idempotencyKey == "000102030405060708090a0b0c0d0e0f-2")
    #expect("a/b?c=\u{e4} {{x}}".percentEncoded == "a%2Fb%3Fc%3D%C3%A4%20%7B%7Bx%7D%7D")
    let request = Request.post(
      "https://h/x", .paid, headers: ["Authorization": bearer("api_key")], json: ["a": 1])
    #expect(request.headers["authorization"] == "Bearer {{credential:api_key}}")
    #expect(request.headers["content-type"] == "application/json")
    #expect(request.cost == .paid)
    #expect(Request.get("https://h/").cost == .free)
    var headers: Headers = ["a": "1", "A": "2"]
    headers["a"] = "3"
    #expect(headers == ["a": "3"])
  }

  private static let waits: [(Headers, UInt32?)] = [
    ([:], nil), (["retry-after": "7"], 7000), (["retry-after": "0.5"], 500),
    (["retry-after": "Sun, 06 Nov 1994 08:49:47 GMT"], 10_000),
    (["retry-after": "Sun, 06 Nov 1994 08:49:27 GMT"], 0), (["retry-after": "-3"], 0),
    (["retry-after": "1e30"], 86_400_000), (["retry-after": "soon"], nil),
    (["retry-after-ms": "250", "retry-after": "7"], 250),
  ]

  @Test("what a provider asks to wait", arguments: waits)
  func retryAfter(_ headers: Headers, _ expected: UInt32?) {
    #expect(Response(status: 429, headers: headers).retryAfter(now: context.now) == expected)
  }

  private static let failures: [(Int, Failure.Code, Bool)] = [
    (400, .invalid, false), (401, .unauthenticated, false), (402, .exhausted, false),
    (403, .unauthenticated, false), (404, .notFound, false), (409, .invalid, false),
    (422, .invalid, false), (429, .exhausted, true), (408, .unavailable, true),
    (500, .unavailable, true), (503, .unavailable, true), (302, .protocol, false),
  ]

  @Test("what a status means", arguments: failures)
  func status(_ status: Int, _ code: Failure.Code, _ isRetryable: Bool) {
    let failure = Failure(Response(status: status), words: "<html>x", context)
    #expect(failure.code == code)
    #expect(failure.isRetryable == isRetryable)
    #expect(!failure.message.contains("<"))
  }

  @Test("a 404 while a lost submit is looked up proves nothing")
  func lookup() {
    var context = context
    context.phase = .reconcile
    #expect(Failure(Response(status: 404), words: nil, context).code == .unavailable)
  }

  @Test("a provider's words become one line of at most 300 characters")
  func words() {
    #expect(Failure.cleaned("a\r\n\tb\u{1b}[31mc") == "a b [31mc")
    #expect(Failure.cleaned(String(repeating: "x", count: 400)).count == 301)
    #expect(Failure.cleaned("<!DOCTYPE html><p>no") == "")
  }

  @Test("an answer's media: the spool, or the short string itself")
  func assets() throws {
    let lifted = Response(
      status: 200, body: Array(#"{"v":""}"#.utf8),
      spools: [Response.Spool(ref: "out0", pointer: "/v", length: 9000)])
    #expect(
      lifted.asset(at: "/v", in: try lifted.json(), mime: "video/mp4")
        == .spool("out0", isBase64: true, mime: "video/mp4"))
    let short = Response(status: 200, body: Array(#"{"v":"AAAA"}"#.utf8))
    #expect(
      short.asset(at: "/v", in: try short.json(), mime: "image/png")
        == .url("data:image/png;base64,AAAA"))
    #expect(short.asset(at: "/w", in: try short.json(), mime: "image/png") == nil)
    #expect(short.asset(mime: "image/png") == nil)
    let page = Response(status: 200, body: Array(" <html>".utf8))
    #expect(page.isHTML)
    #expect(throws: Failure.self) { try page.json() }
  }
}
