import KinoraPlugin
import Testing

/// What the SDK reads for a plugin: its options, names of resources, media of an answer, Google's forms.
@Suite struct SDKPlaceTests {
  private let context = Context(
    now: 0,
    config: [
      "base_url": "https://api.example.com", "place": "here", "count": 3, "odd": [],
      "credentials": ["api_key"],
    ])

  private func answer(_ body: JSON, spools: [Response.Spool] = []) -> Response {
    Response(status: 200, body: body.bytes, spools: spools)
  }

  @Test("an option is right, usual, or refused by its name and what it must be")
  func options() throws {
    #expect(try context.option("place", otherwise: "must be plain") { $0.isPlain("") } == "here")
    #expect(try context.option("count", otherwise: "must be plain") { $0.isPlain("") } == "3")
    #expect(
      try context.option("other", usual: "x", otherwise: "must be plain") { $0 == "x" } == "x")
    for name in ["other", "odd"] {
      #expect(throws: Failure(.invalid, "must be plain")) {
        try context.option(name, otherwise: "must be plain") { $0.isPlain("") }
      }
    }
    #expect(context.has("api_key") && !context.has("token"))
  }

  @Test("the parts of a resource's name, none for a name of another form")
  func segments() {
    let form = "models/*/operations/*"
    #expect("models/veo-3.1/operations/a_b:c".segments(matching: form) == ["veo-3.1", "a_b:c"])
    for odd in [
      "models/x/operations/..", "models//operations/y", "models/x/operations/y/z", "x/operations",
      "/models/x/operations/y", "models/x/operation/y", "models/x?/operations/y", "",
    ] {
      #expect(odd.segments(matching: form) == nil)
    }
  }

  @Test("a field without a value is no field")
  func headers() {
    let headers: Headers = ["authorization": "x", "x-project": nil]
    #expect(headers == ["authorization": "x"])
  }

  @Test("media of a list: addresses, spools and short strings, in the provider's order")
  func assets() throws {
    let body: JSON = [
      "data": [
        ["url": "https://cdn.example.net/a"], ["b64": ""],
        ["b64": "AAAA", "mimeType": "image/png"],
        ["url": "http://cdn.example.net/a"], ["url": "gs://b/o"], ["b64": ""],
        ["url": "data:image/gif;base64,AA"],
        ["video": ["bytes": "AAAA", "mimeType": "video/webm"]],
      ]
    ]
    let response = answer(
      body, spools: [Response.Spool(ref: "out0", pointer: "/data/1/b64", length: 9000)])
    #expect(
      response.assets(
        at: "/data", ["b64", "video/bytes", "url"], in: body, mime: "video/mp4", context) == [
          .url("https://cdn.example.net/a"), .spool("out0", isBase64: true, mime: "video/mp4"),
          .url("data:image/png;base64,AAAA"), .url("data:image/gif;base64,AA"),
          .url("data:video/webm;base64,AAAA"),
        ])
    #expect(response.assets(at: "/none", ["url"], in: body, mime: "video/mp4", context).isEmpty)
  }

  @Test("a job that is done and names nothing is refused")
  func outputs() throws {
    let output = try Output(fetchable: [.url("https://h/x")], costMicroUSD: 7, handle: "h")
    #expect(output == Output(.url("https://h/x"), costMicroUSD: 7, handle: "h"))
    #expect(
      throws: Failure(.refused, "the job is done and names no video that can be fetched")
    ) { try Output(fetchable: []) }
  }

  @Test("what must be there, and what an object is")
  func values() throws {
    #expect(try JSON.bool(false).required(otherwise: "no") == false)
    #expect(throws: Failure(.protocol, "no")) { try JSON.null.required(otherwise: "no") }
    #expect(JSON.object([]).isObject && !JSON.array([]).isObject && !JSON.null.isObject)
    #expect((["a": [1, "x/y"]] as JSON).written == #"{"a":[1,"x/y"]}"#)
  }

  @Test("frames and references are told apart, and refused together")
  func frames() throws {
    func job(_ roles: String...) throws -> Job {
      let inputs = roles.map { role -> JSON in ["role": .string(role), "ref": "in0"] }
      return try Job(["id": "v", "model": "m", "inputs": .array(inputs)])
    }
    #expect(
      try job("last_frame", "first_frame").frames.map(\.role) == ["last_frame", "first_frame"])
    try job("reference", "reference").refuseFramesWithReferences()
    #expect(throws: Failure(.invalid, "frames and references exclude each other: one is dropped")) {
      try job("first_frame", "reference").refuseFramesWithReferences(": one is dropped")
    }
  }

  @Test("an operation is at work, done, failed, or none")
  func operations() throws {
    #expect(try !(["name": "o"] as JSON).isFinishedOperation())
    #expect(try (["done": true, "response": [:]] as JSON).isFinishedOperation())
    for (error, words) in [
      (["message": "no"] as JSON, "no"), (["code": 13], "the operation failed without a reason"),
    ] {
      #expect(throws: Failure(.refused, words)) {
        try (["done": true, "error": error] as JSON).isFinishedOperation()
      }
    }
    #expect(throws: Failure(.protocol, "the provider answered without an operation")) {
      try ([] as JSON).isFinishedOperation()
    }
  }

  @Test("an instance of predict: bytes, objects of Cloud Storage, nothing else")
  func instance() throws {
    let frame: JSON = ["role": "first_frame", "ref": "in0", "mime": "image/png"]
    let object: JSON = ["role": "reference", "uri": "gs://b/o", "mime": "image/png"]
    var job: JSON = ["id": "v", "model": "m", "prompt": "p", "inputs": [frame, object]]
    #expect(
      try Job(job).predictInstance() == [
        "prompt": "p",
        "image": [
          "bytesBase64Encoded": .media(ref: "in0", prefix: ""), "mimeType": "image/png",
        ],
        "referenceImages": [
          [
            "image": ["gcsUri": "gs://b/o", "mimeType": "image/png"], "referenceType": "ASSET",
          ]
        ],
      ])
    job["inputs"] = [["role": "last_frame", "uri": "https://h/x"]]
    #expect(
      throws: Failure(.invalid, "last_frame must be given as bytes or as gs://BUCKET/OBJECT")
    ) { try Job(job).predictInstance() }
  }

  @Test("a form takes each field of an object as text")
  func form() throws {
    var form = Multipart()
    form.fields(["a": "x y", "b": 2, "c": ["d": true]])
    let text = form.body(context).parts.map { part in
      if case .bytes(let bytes) = part { String(decoding: bytes, as: UTF8.self) } else { "" }
    }.joined()
    for (name, value) in [("a", "x y"), ("b", "2"), ("c", #"{"d":true}"#)] {
      #expect(text.contains("name=\"\(name)\"\r\n\r\n\(value)\r\n"))
    }
  }

  @Test("clips that a filter took, and why")
  func filtered() {
    #expect((["videos": []] as JSON).filteredMedia == nil)
    #expect(
      (["raiMediaFilteredCount": 1] as JSON).filteredMedia?.message
        == "content refused: the provider's filter took it")
    #expect(
      (["raiMediaFilteredReasons": ["a", "b"]] as JSON).filteredMedia?.message
        == "content refused: a b")
  }

  @Test("a daily quota waits an hour, other quotas as long as the provider says")
  func quotas() {
    func wait(_ quota: String) -> UInt32 {
      let details: JSON = [["violations": [["quotaId": .string(quota)]]], ["retryDelay": "56.2s"]]
      let body: JSON = [["error": ["message": "Quota exceeded", "details": details]]]
      let response = Response(status: 429, body: body.bytes)
      let failure = Failure(response, ErrorRule.google, context)
      #expect(failure.isRetryable && failure.code == .exhausted)
      return failure.retryAfter
    }
    #expect(wait("RequestsPerDayPerProject") == 3_600_000)
    #expect(wait("RequestsPerMinutePerProject") == 56_200)
  }
}
