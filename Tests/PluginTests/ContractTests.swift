import KinoraModel
import KinoraPluginHost
import Testing

/// What a plugin does wrongly is named and never becomes a step.
@Suite struct ContractTests {
  /// The complaint about one call of a plugin with this step function.
  private func complaint(_ step: String) async throws -> String {
    let plugin = try await Hostile.plugin(step)
    do {
      let step = try plugin.step(Hostile.event())
      return "no complaint: \(step.json.text)"
    } catch {
      #expect(error.code == .pluginFault)
      #expect(error.message.hasPrefix("plugin net.example.odd 1.0.0: "))
      return String(error.message.dropFirst("plugin net.example.odd 1.0.0: ".count))
    }
  }

  private static let verdicts: [(String, String)] = [
    ("return KN_OK;", "it answered without a verdict"),
    ("o->wait(o->ctx, 1); o->wait(o->ctx, 1); return KN_OK;", "it gave more than one verdict"),
    (
      "o->wait(o->ctx, 1); return KN_UNSUPPORTED;",
      "it gave a verdict and called the event unsupported"
    ),
    ("return KN_BUG;", "it reported a bug of its own"),
    ("return 77;", "it returned 77, which is no status"),
    (
      "o->wait(o->ctx, 1); o->state(o->ctx, TEXT(\"x\")); return KN_OK;",
      "it gave its state after the verdict"
    ),
    (
      "o->state(o->ctx, TEXT(\"x\")); o->state(o->ctx, TEXT(\"y\")); o->wait(o->ctx, 1);"
        + " return KN_OK;", "it saved two states"
    ),
    (
      "o->handle(o->ctx, TEXT(\"a\\r\\nb\")); o->wait(o->ctx, 1); return KN_OK;",
      "its handle is empty, too long or not plain text"
    ),
    (
      "o->succeed(o->ctx, TEXT(\"{}\")); return KN_OK;", "its result names no assets"
    ),
    (
      "o->fail(o->ctx, &(kn_failure){ .struct_size = sizeof(kn_failure), .code = 8 });"
        + " return KN_OK;",
      "its failure has the unknown code 8; it answered without a verdict"
    ),
    (
      "o->send(o->ctx, NULL); return KN_OK;",
      "it sent no request; it answered without a verdict"
    ),
  ]

  @Test("exactly one verdict, in order, and nothing else", arguments: verdicts)
  func verdict(_ step: String, _ expected: String) async throws {
    #expect(try await complaint(step) == expected)
  }

  private static let requests: [(String, String)] = [
    (Hostile.sends(url: "https://h/a\\r\\nHost: evil"), "its request's url holds a space"),
    (Hostile.sends(url: "https://h/a\\0b"), "its request's url holds a space"),
    (Hostile.sends(url: "https://h/a b"), "its request's url holds a space"),
    (Hostile.sends(url: "file:///etc/passwd"), "its request's url is not http or https"),
    (Hostile.sends(url: "https:///x"), "its request's url is not http or https"),
    (Hostile.sends(url: "https://h/", value: "a\\r\\nx-evil: 1"), "the field x of its request"),
    (Hostile.sends(url: "https://h/", value: "a\\nb"), "the field x of its request"),
    (Hostile.sends(url: "https://h/", value: "a\\0b"), "the field x of its request"),
    (Hostile.sends(url: "https://h/", name: "x\\r\\ny"), "a field of its request has a name"),
    (Hostile.sends(url: "https://h/", name: "x y"), "a field of its request has a name"),
    (Hostile.sends(url: "https://h/", name: ""), "a field of its request has a name"),
    (Hostile.sends(url: "https://h/", name: "Content-Length"), "its request sets the field"),
    (Hostile.sends(url: "https://h/", name: "host"), "its request sets the field"),
    (Hostile.sends(method: "GET / HTTP/1.1\\r\\n", url: "https://h/"), "its request's method"),
    (Hostile.sends(method: "", url: "https://h/"), "its request's method"),
  ]

  @Test("a line end, a NUL or a framing field never reaches the wire", arguments: requests)
  func injection(_ step: String, _ expected: String) async throws {
    let found = try await complaint(step)
    #expect(found.hasPrefix(expected), "\(found)")
  }

  @Test("a request with body and parts, an unknown part or an unknown flag is refused")
  func bodies() async throws {
    let found = try await complaint(
      """
      kn_part p[] = { { 9, 0, TEXT("x") }, { KN_PART_INPUT_RAW, 0, { 0, 0 } } };
      o->send(o->ctx, &(kn_request){ .struct_size = sizeof(kn_request), .flags = 1u << 9,
        .method = TEXT("POST"), .url = TEXT("https://h/"), .body = TEXT("b"), .parts = p,
        .part_count = 2 });
      return KN_OK;
      """)
    #expect(found.contains("flags that this host does not know (512)"))
    #expect(found.contains("has a body and parts"))
    #expect(found.contains("of the unknown kind 9"))
    #expect(found.contains("names no input"))
  }

  @Test("a user's braces in a body pass as they are, and a shorter request struct is read as such")
  func passes() async throws {
    let plugin = try await Hostile.plugin(
      """
      kn_request r; memset(&r, 0xaa, sizeof r);
      r.struct_size = 80; r.flags = 0; r.timeout_ms = 5; r.max_body = 6; r.method = TEXT("POST");
      r.url = TEXT("https://h/?k={{credential:api_key}}"); r.body = TEXT("{{credential:x}}");
      r.tag = TEXT("t"); o->progress(o->ctx, 5000, TEXT("line\\nend"));
      o->send(o->ctx, &r); return KN_OK;
      """)
    let step = try plugin.step(Hostile.event())
    guard case .send(let request) = step.verdict else {
      Issue.record("no request")
      return
    }
    #expect(request.parts == [.bytes(Array("{{credential:x}}".utf8))])
    #expect(request.fields.isEmpty)
    #expect(request.url == "https://h/?k={{credential:api_key}}")
    #expect([request.timeout, request.maxBody] == [5, 6])
    #expect(!request.isIdempotent)
    #expect(step.progressPermille == nil)
    #expect(step.note == "line end")
  }
}
