import CSys
import Glibc
import KinoraModel
import Testing

/// `kinora-plugin-check` from outside, on a good plugin and on bad ones.
@Suite struct CheckToolTests {
  private func report(_ path: String, _ more: [String] = []) async throws -> (Int32, JSON) {
    let folder = try Linked.temporaryFolder()
    let output = open("\(folder)/report", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    defer { close(output) }
    let status = try await Hostile.status(
      of: "\(Linked.products)/kinora-plugin-check", [path, "--json"] + more, output: output)
    var bytes = [UInt8](repeating: 0, count: 256 * 1024)
    let count = pread(output, &bytes, bytes.count, 0)
    return (status, try JSON.parse(Array(bytes[..<max(count, 0)])))
  }

  private func failed(_ report: JSON) -> [String] {
    (report["checks"]?.array ?? []).filter { $0["passed"] == .bool(false) }
      .compactMap { $0["name"]?.string }
  }

  @Test("the C plugin that ships passes every check")
  func still() async throws {
    let path = try await Hostile.still(in: try Linked.temporaryFolder())
    let (status, report) = try await report(
      path, ["--transcripts", "\(Linked.root)/Plugins/Still/transcripts"])
    #expect(failed(report) == [], "\(report.text)")
    #expect(status == 0)
    #expect(report["checks"]?.array?.count == 20)
  }

  @Test(
    "the Swift plugins that ship pass every check with their transcripts [T24] [T25]",
    arguments: ["Sample", "OpenRouter", "Google", "Vertex", "ComfyUI"])
  func shipped(_ name: String) async throws {
    let folder = try Linked.temporaryFolder()
    let path = "\(folder)/kinora-\(name.lowercased()).so"
    // SwiftPM puts a "lib" before the name; the host looks the entry up by the file's.
    try await Hostile.run(
      "/usr/bin/install",
      ["-m", "755", "\(Linked.products)/libkinora-\(name.lowercased()).so", path])
    let (status, report) = try await report(
      path, ["--transcripts", "\(Linked.root)/Plugins/\(name)/transcripts"])
    #expect(failed(report) == [], "\(report.text)")
    #expect(status == 0)
    #expect(report["checks"]?.array?.count == 20)
  }

  @Test("a plugin that traps costs only the checks that call it")
  func traps() async throws {
    let source = Hostile.source(step: "if (e->kind == KN_RESPONSE) __builtin_trap(); return 1;")
    let path = try await Hostile.compile(source, in: try Linked.temporaryFolder())
    let (status, report) = try await report(path)
    #expect(status == 1)
    #expect(
      failed(report) == [
        "verdict", "pure", "time", "hosts", "secrets", "short", "bytes", "long", "garbage",
        "threads",
      ])
    #expect(report.text.contains("it ended the process with signal 4"))
  }

  @Test("reading past a struct's size and keeping a global are found")
  func finds() async throws {
    let folder = try Linked.temporaryFolder()
    let greedy = Hostile.source(
      step: "if (e->kind > KN_ADOPT) return KN_UNSUPPORTED; if (e->phase == 77) return KN_BUG;"
        + " o->wait(o->ctx, 1); return KN_OK;")
    let (_, first) = try await report(try await Hostile.compile(greedy, in: folder))
    #expect(failed(first).contains("short"))
    #expect(!failed(first).contains("verdict"))
    let counting = Hostile.source(
      step: "static uint32_t n; if (e->kind < 1 || e->kind > KN_ADOPT) return KN_UNSUPPORTED;"
        + " o->wait(o->ctx, ++n); return KN_OK;")
    let (_, second) = try await report(try await Hostile.compile(counting, in: folder))
    #expect(failed(second).contains("pure"))
    #expect(failed(second).contains("threads"))
  }

  @Test("paying twice in one attempt is found")
  func pays() async throws {
    let folder = try Linked.temporaryFolder()
    let source = Hostile.source(
      step: """
        if (e->kind != KN_BEGIN && e->kind != KN_RESPONSE) return KN_UNSUPPORTED;
        o->send(o->ctx, &(kn_request){ .struct_size = sizeof(kn_request), .method = TEXT("POST"),
          .url = TEXT("https://api.example.test/") });
        return KN_OK;
        """)
    let (_, found) = try await report(try await Hostile.compile(source, in: folder))
    #expect(failed(found) == ["paid"])
  }

  @Test("a request to a host of nobody and a credential that is not declared are found")
  func strays() async throws {
    let folder = try Linked.temporaryFolder()
    let plain = "if (e->kind < 1 || e->kind > KN_ADOPT) return KN_UNSUPPORTED; "
    let away = Hostile.source(step: plain + Hostile.sends(url: "https://elsewhere.example/v1"))
    let (_, first) = try await report(try await Hostile.compile(away, in: folder))
    #expect(failed(first) == ["hosts"])
    let stray = Hostile.source(
      step: plain
        + Hostile.sends(url: "https://api.example.test/v1", value: "{{credential:of-a-user}}"))
    let (_, second) = try await report(try await Hostile.compile(stray, in: folder))
    #expect(failed(second) == ["secrets"])
  }

  @Test("reading past the end of what is lent is found: bytes, and a host's table")
  func reads() async throws {
    let folder = try Linked.temporaryFolder()
    let over = Hostile.source(
      step: """
        if (e->kind < 1 || e->kind > KN_ADOPT || !e->struct_size) return KN_UNSUPPORTED;
        volatile char c = e->job.ptr[e->job.len]; (void)c; o->wait(o->ctx, 1); return KN_OK;
        """)
    let (_, first) = try await report(try await Hostile.compile(over, in: folder))
    #expect(failed(first).contains("bytes"))
    let greedy = Hostile.source(
      accepts: "h->extension != 0",
      step: "if (e->kind < 1 || e->kind > KN_ADOPT) return KN_UNSUPPORTED; o->wait(o->ctx, 1); "
        + "return KN_OK;")
    let (_, second) = try await report(try await Hostile.compile(greedy, in: folder))
    #expect(failed(second) == ["host"])
  }

  @Test("a list of models that is written twice, or that changes, is found")
  func lists() async throws {
    let folder = try Linked.temporaryFolder()
    func listing(_ body: String) -> String {
      Hostile.source(
        note: """
          KN_NOTE(0);
          static kn_status models_of(kn_bytes a, void *c, void (*w)(void *, kn_bytes)) { (void)a; \(body) }
          static const kn_models list = { sizeof(kn_models), 0, "/models", 0, 0, models_of };
          static const void *extension(const char *id) { return strcmp(id, KN_MODELS) ? 0 : &list; }
          """, extension: "extension",
        step: "if (e->kind < 1 || e->kind > KN_ADOPT) return KN_UNSUPPORTED; o->wait(o->ctx, 1); "
          + "return KN_OK;")
    }
    for (body, isGood) in [
      ("w(c, TEXT(\"[]\")); return KN_OK;", true), ("return KN_UNSUPPORTED;", true),
      ("w(c, TEXT(\"[]\")); w(c, TEXT(\"[]\")); return KN_OK;", false), ("return KN_OK;", false),
      ("w(c, TEXT(\"[{}]\")); return KN_OK;", false),
      (
        "static int n; w(c, n++ % 2 ? TEXT(\"[]\") : TEXT(\"[{\\\"id\\\":\\\"x\\\",\\\"kinds\\\":[\\\"image\\\"]}]\")); return KN_OK;",
        false
      ),
    ] {
      let (_, found) = try await report(try await Hostile.compile(listing(body), in: folder))
      #expect(failed(found) == (isGood ? [] : ["models"]), "\(body)")
    }
  }

  @Test("wrong usage is 2, a text file fails from the start")
  func usage() async throws {
    let tool = "\(Linked.products)/kinora-plugin-check"
    #expect(try await Hostile.status(of: tool, ["--nonsense"]) == 2)
    #expect(try await Hostile.status(of: tool, []) == 2)
    #expect(try await Hostile.status(of: tool, ["--help"]) == 0)
    #expect(try await Hostile.status(of: tool, ["--list"]) == 0)
    let folder = try Linked.temporaryFolder()
    try Hostile.write("x", to: "\(folder)/kinora-x.so")
    let (status, report) = try await report("\(folder)/kinora-x.so")
    #expect(status == 1)
    #expect(failed(report).prefix(3) == ["note", "exports", "table"])
  }
}
