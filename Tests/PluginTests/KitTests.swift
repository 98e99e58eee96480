import KinoraModel
import KinoraPluginHost
import Testing

/// `kinora_kit.h`, compiled as an author in C would and asked inside a step.
@Suite struct KitTests {
  /// What a step that uses the kit does, as JSON.
  private func step(_ body: String, _ event: PluginEvent = Hostile.event()) async throws -> String {
    let folder = try Linked.temporaryFolder()
    let source = "#include \"kinora_kit.h\"\n" + Hostile.source(step: body)
    return try PluginFile(await Hostile.compile(source, in: folder)).open().step(event).json.text
  }

  @Test("JSON is read raw, and broken text gives nothing that lies outside of it")
  func reading() async throws {
    let checks = [
      #"kit_equal(kit_member(object, TEXT("c")), TEXT("\"x\""))"#,
      #"kit_equal(kit_string(kit_member(object, TEXT("c"))), TEXT("x"))"#,
      #"kit_equal(kit_member(kit_member(object, TEXT("a")), TEXT("b")), TEXT("[1, {\"c\":2}]"))"#,
      #"kit_equal(kit_first(kit_member(kit_member(object, TEXT("a")), TEXT("b"))), TEXT("1"))"#,
      #"kit_member(object, TEXT("none")).len == 0 && kit_member(TEXT("{\"a\""), TEXT("a")).len == 0"#,
      #"kit_first(TEXT("[]")).len == 0 && !kit_is_array(TEXT("{}")) && kit_string(TEXT("\"\"")).len == 0"#,
      #"kit_number(TEXT("40.7")) == 40 && kit_number(TEXT("-1")) == -1 && kit_number(TEXT("")) == -1"#,
      #"kit_is_address(TEXT("\"https:\\/\\/h/x\"")) && !kit_is_address(TEXT("\"https://h/a b\""))"#,
      #"kit_is_id(TEXT("a-B_9")) && !kit_is_id(TEXT("a/b")) && !kit_is_id(TEXT(""))"#,
      #"kit_same(TEXT("Done"), TEXT("done")) && !kit_equal(TEXT("Done"), TEXT("done"))"#,
    ]
    let tried = checks.enumerated().map { at, check in
      "if (!(\(check))) return KIT_FAIL(o, KN_INVALID, \"check \(at)\");"
    }
    let object = #"kn_bytes object = TEXT("{\"a\" : {\"b\":[1, {\"c\":2}]}, \"c\":\"x\"}");"#
    let said = try await step(object + tried.joined() + "return kit_wait(o, TEXT(\"h\"), 5);")
    #expect(said == #"{"verdict":"wait","wait_ms":5,"state":"h","handle":"h"}"#)
  }

  @Test("a provider's words become one line without HTML; escapes are read")
  func words() async throws {
    let said = try await step(
      #"return KIT_SAY(o, KN_REFUSED, "no", TEXT("\"a\\n\\\"b\\u00e9\""));"#)
    #expect(said.contains(#""message":"no: a \"b?""#), "\(said)")
    let page = try await step(#"return KIT_SAY(o, KN_REFUSED, "no", TEXT("\"<html>\""));"#)
    #expect(page.contains(#""message":"no""#), "\(page)")
  }

  @Test("a status means what it means everywhere, and a wait that is asked for is kept")
  func refusals() async throws {
    let body = "kn_header h = { TEXT(\"Retry-After\"), TEXT(\"7\") };"
    func refusal(_ status: Int, _ phase: String = "KN_BEGIN") async throws -> String {
      try await step(
        body
          + "kn_response r = { .struct_size = sizeof r, .status = \(status), .headers = &h,"
          + " .header_count = 1 }; kn_event event = { .phase = \(phase) };"
          + "return kit_refusal(&event, &r, o, TEXT(\"\\\"why\\\"\"));")
    }
    let busy = try await refusal(429)
    #expect(busy.contains("the provider has no room for more requests: why"), "\(busy)")
    #expect(busy.contains(#""retry_after_ms":7000"#), "\(busy)")
    #expect(try await refusal(404).contains(#""code":"not_found""#))
    #expect(try await refusal(404, "KN_RECONCILE").contains(#""code":"unavailable""#))
    #expect(try await refusal(503).contains(#""code":"unavailable""#))
    #expect(try await refusal(302).contains(#""code":"protocol""#))
  }

  @Test("a body is an object in pieces; one with too many is refused before it is sent")
  func bodies() async throws {
    let start =
      "kit_text url; kit_body body; body.count = 0; kit_clear(&url);"
      + "kit_put(&url, TEXT(\"https://api.example.test/x\"));"
    let send = "return kit_post(o, &url, &body, KN_IDEMPOTENT, TEXT(\"t\"));"
    let field = "kit_field(&body, TEXT(\"a\"), TEXT(\"1\"));"
    let input = #"KIT_DATA_URL(&body, "image", TEXT("{\"ref\":\"in0\",\"mime\":\"image/png\"}"));"#
    let sent = try await step(start + field + input + send)
    #expect(
      sent.contains(
        #"{"text":",\"image\":\"data:"},{"text":"image/png"},{"text":";base64,"},{"base64":"in0"}"#),
      "\(sent)")
    #expect(sent.contains(#""paid":false"#) && sent.contains(#""tag":"t""#))
    let most = try await step(start + "for (int i = 0; i < 17; i++) { \(field) }" + send)
    #expect(most.contains("the request has too many parts"), "\(most)")
  }
}
