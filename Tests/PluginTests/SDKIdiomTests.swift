import KinoraPlugin
import Testing

/// What plugins share: a provider's words, its errors, its statuses, its addresses, bodies.
@Suite struct SDKIdiomTests {
  private let context = Context(
    now: 784_111_777_000, config: ["base_url": "https://api.example.com/v1/"])

  private func answer(_ status: Int, _ body: String, _ headers: Headers = [:]) -> Response {
    Response(status: status, headers: headers, body: Array(body.utf8))
  }

  private static let complaints: [(String, String, [String])] = [
    (#"{"error":{"message":"no","code":1301,"type":"x"}}"#, "no", ["1301", "x"]),
    (#"{"error":"no"}"#, "no", []), (#"{"detail":"no"}"#, "no", []),
    (#"{"message":"no","code":"1001"}"#, "no", ["1001"]), ("<html>no</html>", "", []),
    (#"{"error":{"message":"no\nHTML"},"detail":"other"}"#, "no HTML", []),
    (
      #"[{"error":{"code":400,"message":"no","status":"BAD","details":[{"reason":"KEY"}]}}]"#,
      "no", ["400", "BAD", "KEY"]
    ),
  ]

  @Test("what an answer complains of, in every form that providers write it", arguments: complaints)
  func complaint(_ body: String, _ words: String, _ codes: [String]) {
    let complaint = answer(400, body).complaint
    #expect(complaint.words.text == words)
    #expect(complaint.codes == codes)
  }

  @Test("a provider's words behind a sentence of ours, instead of it, and searched")
  func words() {
    let words = Words(.null, "", ["message": "Blocked by\nPolicy"], "later")
    #expect(words.text == "Blocked by Policy")
    #expect(words.said == ": Blocked by Policy")
    #expect(words.or("usual") == words.text)
    #expect(words.say(["policy"]))
    #expect(!words.say(["later"]) && !words.say([]))
    #expect(Words().said == "" && Words().or("usual") == "usual" && !Words().say([""]))
  }

  private static let errors: [ErrorRule] = [
    ErrorRule(.exhausted, "no credit ({code}, {status})", codes: ["1113"]),
    ErrorRule(.refused, "content refused", status: [400, 422], says: ["safety"]),
    ErrorRule(.exhausted, "limit", codes: ["day"], wait: 60_000),
    ErrorRule(.invalid, "too long", status: [413]),
    ErrorRule(.refused, "a rule forbids this", member: "/param/rule", quotes: false),
  ]

  private static let meanings: [(Int, String, Failure)] = [
    (
      429, #"{"error":{"code":"1113","message":"pay"}}"#,
      Failure(.exhausted, "no credit (1113, 429): pay")
    ),
    (
      400, #"{"error":{"message":"Safety first"}}"#,
      Failure(.refused, "content refused: Safety first")
    ),
    (422, #"{"error":{"type":"SAFETY"}}"#, Failure(.refused, "content refused")),
    (413, "", Failure(.invalid, "too long")),
    (
      403, #"{"error":{"message":"no","param":{"rule":1}}}"#,
      Failure(.refused, "a rule forbids this")
    ),
    (
      409, #"{"error":{"type":"safety"}}"#,
      Failure(.invalid, "the provider refused the request (409)")
    ),
    (
      429, #"{"error":{"type":"day"}}"#,
      Failure(.exhausted, "limit", isRetryable: true, retryAfter: 60_000)
    ),
  ]

  @Test(
    "a table of errors: the first line that is met, else what the status means", arguments: meanings
  )
  func rules(_ status: Int, _ body: String, _ expected: Failure) {
    #expect(Failure(answer(status, body), Self.errors, context) == expected)
  }

  @Test("an answer is its JSON, or what its error means")
  func answers() throws {
    #expect(try answer(201, #"{"a":1}"#).answer(Self.errors, context) == ["a": 1])
    #expect(throws: Failure(.invalid, "too long")) {
      try answer(413, "").answer(Self.errors, context)
    }
    #expect(throws: Failure(.invalid, "the provider refused the request (400)")) {
      try answer(400, "").answer(context)
    }
  }

  @Test("a wait in a table is the least; the provider may ask for more, in a header or in the body")
  func waits() {
    let day = #"{"error":{"type":"day"}}"#
    let long = Failure(answer(429, day, ["retry-after": "90"]), Self.errors, context)
    #expect(long.retryAfter == 90_000)
    #expect(
      Failure(answer(429, day, ["retry-after": "9"]), Self.errors, context).retryAfter == 60_000)
    let delayed = answer(
      429, #"{"error":{"details":[{"retryDelay":"soon"},{"retryDelay":"56.2s"}]}}"#,
      ["retry-after": "9"])
    #expect(delayed.retryAfter(now: context.now) == 56_200)
  }

  @Test("statuses in every provider's spelling; a word that is not known is no end")
  func statuses() throws {
    #expect(
      ["SUCCEED", "done", "Completed"].map { JobStatus($0 as String) } == [.done, .done, .done])
    #expect(
      ["FAIL", "error", "canceled"].map { JobStatus($0 as String) } == [
        .failed, .failed, .cancelled,
      ])
    #expect(["requires_magic", ""].map { JobStatus($0 as String) } == [.working, .working])
    #expect(JobStatus("expired" as JSON) == .expired)
    #expect(JobStatus(.null) == .working && JobStatus(.integer(3)) == .working)
    #expect(try JobStatus("done" as JSON, otherwise: "no word") == .done)
    #expect(throws: Failure(.protocol, "no word")) {
      try JobStatus(.integer(3), otherwise: "no word")
    }
  }

  @Test("how a job without a result is told")
  func ends() {
    func told(_ end: JobStatus, _ words: String = "") -> String {
      Failure(end, Words(words), filter: ["policy"], provider: "the gateway", job: "task").message
    }
    #expect(told(.failed, "gpu on fire") == "gpu on fire")
    #expect(told(.failed, "Policy") == "content refused: Policy")
    #expect(told(.failed) == "the gateway failed the task without a reason")
    #expect(told(.cancelled) == "the gateway cancelled the task")
    #expect(told(.expired) == "the task expired at the gateway")
    #expect(told(.filtered) == "the gateway's filter refused the content")
  }

  @Test("addresses: what is the provider's own, and what a result may be fetched from")
  func addresses() {
    #expect(context.origin == "https://api.example.com")
    #expect(context.own("/v1/x") == "https://api.example.com/v1/x")
    #expect(context.own("https://api.example.com/x") == "https://api.example.com/x")
    for foreign in ["//evil/x", "https://api.example.com.evil/x", "x", "/a b", "/a\"", ""] {
      #expect(context.own(foreign) == nil)
    }
    #expect(context.isFetchable("https://cdn.example.net/x?a=b"))
    for odd in ["http://api.example.com/x", "gs://b/o", "https://h/a b", "https://h/\u{e9}", ""] {
      #expect(!context.isFetchable(odd))
    }
    let local = Context(now: 0, config: ["base_url": "http://127.0.0.1:1/v1"])
    #expect(local.isFetchable("http://127.0.0.1:2/x") && !local.isFetchable("file:///x"))
  }

  @Test("ids that stay where they are put in a path")
  func ids() throws {
    #expect(try JSON.integer(7).id() == "7")
    for bad: JSON in ["", ".", "..", "a/b", .null, .bool(true)] {
      #expect(throws: Failure(.protocol, "no id")) { try bad.id(otherwise: "no id") }
    }
    #expect("a b".isPathSegment && !"a b".isPlain("-"))
    #expect("a-B.9".isPlain("-.") && !"..".isPlain(".") && !"".isPlain("-") && !"é".isPlain(""))
  }

  @Test("bodies: fields without a value are left out, options are laid over them")
  func bodies() {
    var body = JSON.fields([
      "a": 1, "b": .null, "c": JSON(unlessEmpty: ""), "d": JSON(unlessEmpty: [JSON]()),
      "e": JSON(unlessEmpty: "x"),
    ])
    #expect(body == ["a": 1, "e": "x"])
    body.merge(["e": "y", "f": [2]])
    body.merge(.null)
    #expect(body == ["a": 1, "e": "y", "f": [2]])
  }

  @Test("an input goes as its bytes, else by an address that the provider can reach")
  func inputs() throws {
    let job = try Job([
      "id": "v", "model": "m",
      "inputs": [
        ["role": "first_frame", "ref": "in0", "mime": "image/png", "bytes": 3],
        ["role": "reference", "uri": "https://h/x"], ["role": "video", "uri": "gs://b/o"],
      ],
    ])
    #expect(
      try job.inputs.prefix(2).map { try $0.dataURLOrAddress() }
        == [.media(ref: "in0", prefix: "data:image/png;base64,"), "https://h/x"])
    #expect(
      try job.inputs.prefix(2).map { try $0.base64OrAddress() }
        == [.media(ref: "in0", prefix: ""), "https://h/x"])
    #expect(
      throws: Failure(.invalid, "video must be given as bytes or as an https address")
    ) { try job.inputs[2].dataURLOrAddress() }
    #expect(try job.inputs[2].address("gs://", form: "gs://BUCKET/OBJECT") == "gs://b/o")
  }

  @Test("progress in percent: the provider's own figure or none")
  func progress() {
    let step = Step<String>.wait(1, "")
    let told = [12.5, -1, 200, nil].map { step.progress(percent: $0) }
    #expect(told.map(\.permille) == [125, 0, 1000, nil])
  }
}
