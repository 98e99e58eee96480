import KinoraModel
import Testing

/// Fields of POST /v1/videos: what is taken and how it is resolved, what is refused and how.
@Suite struct FieldTests {
  struct Refusal: CustomTestStringConvertible, Sendable {
    var body: String
    var code: String
    var field: String
    var says: String

    init(_ body: String, _ code: String, _ field: String, _ says: String) {
      (self.body, self.code, self.field, self.says) = (body, code, field, says)
    }
    var testDescription: String { "\(body) → \(code)" }
  }

  static let refusals = [
    Refusal(#""#, "malformed_body", "", "empty"),
    Refusal(#"[]"#, "malformed_body", "", "must be a JSON object, not array"),
    Refusal("{\n  \"prompt\": tru\n}", "malformed_body", "", "line 2, column 13"),
    Refusal(#"{"prompt":"é","size":}"#, "malformed_body", "", "line 1, column 22"),
    Refusal(
      #"{"prompt":"x","prompt":"y"}"#, "malformed_body", "", #"the key "prompt" stands twice"#),
    Refusal(#"{"prompt":"x"} {}"#, "malformed_body", "", "unexpected text"),
    Refusal(#"{"promt":"x"}"#, "unknown_field", "promt", "did you mean prompt?"),
    Refusal(#"{"prompt":"x","length":5}"#, "unknown_field", "length", "not known"),
    Refusal(#"{}"#, "prompt_missing", "prompt", "missing"),
    Refusal(#"{"prompt":"  "}"#, "prompt_missing", "prompt", "missing"),
    Refusal(#"{"prompt":7}"#, "bad_field", "prompt", "must be a string, not number"),
    Refusal(#"{"prompt":"x","model":"clipp"}"#, "model_unknown", "model", "no model"),
    Refusal(
      #"{"prompt":"x","model":"mystery"}"#, "model_unpriced", "max_cost_usd", "no known price"),
    Refusal(#"{"prompt":"x","seconds":21}"#, "bad_field", "seconds", "1 to 20"),
    Refusal(#"{"prompt":"x","seconds":0}"#, "bad_field", "seconds", "above 0"),
    Refusal(#"{"prompt":"x","seconds":"long"}"#, "bad_field", "seconds", "not \"long\""),
    Refusal(#"{"prompt":"x","seconds":"0x8"}"#, "bad_field", "seconds", "number of seconds"),
    Refusal(#"{"prompt":"x","seconds":true}"#, "bad_field", "seconds", "not true"),
    Refusal(#"{"prompt":"x","seconds":4,"duration":5}"#, "bad_field", "duration", "give one"),
    Refusal(#"{"prompt":"x","seconds":7,"model":"org/wide"}"#, "bad_field", "seconds", "4, 5, 8"),
    Refusal(#"{"prompt":"x","size":"1x1"}"#, "bad_field", "size", "1280x720"),
    Refusal(#"{"prompt":"x","size":720}"#, "bad_field", "size", "must be a string"),
    Refusal(#"{"prompt":"x","aspect_ratio":"4:3"}"#, "bad_field", "aspect_ratio", "takes no"),
    Refusal(
      #"{"prompt":"x","model":"org/wide","resolution":"999p"}"#, "bad_field", "resolution",
      "480p, 720p, 1080p"),
    Refusal(#"{"prompt":"x","fps":24.5}"#, "bad_field", "fps", "whole number"),
    Refusal(#"{"prompt":"x","audio":"yes"}"#, "bad_field", "audio", "true or false"),
    Refusal(#"{"prompt":"x","audio":true}"#, "bad_field", "audio", "never makes sound"),
    Refusal(#"{"prompt":"x","seed":"a"}"#, "bad_field", "seed", "whole number"),
    Refusal(#"{"prompt":"x","n":3}"#, "bad_field", "n", "1 to 2"),
    Refusal(#"{"prompt":"x","n":0}"#, "bad_field", "n", "1 to 100"),
    Refusal(#"{"prompt":"x","max_cost_usd":"a"}"#, "bad_field", "max_cost_usd", "amount"),
    Refusal(#"{"prompt":"x","max_cost_usd":"0.01"}"#, "max_cost_exceeded", "max_cost_usd", "$0.05"),
    Refusal(#"{"prompt":"x","metadata":[]}"#, "bad_field", "metadata", "must be an object"),
    Refusal(#"{"prompt":"x","metadata":{"a":1}}"#, "bad_field", "metadata.a", "must be a string"),
    Refusal(#"{"prompt":"x","metadata":{"":"1"}}"#, "bad_field", "metadata", "1 to 64 bytes"),
    Refusal(#"{"prompt":"x","user":""}"#, "bad_field", "user", "1 to 256"),
    Refusal(#"{"prompt":"x","options":"a"}"#, "bad_field", "options", "must be an object"),
    Refusal(
      #"{"prompt":"x","model":"org/wide","options":{"stile":1}}"#, "unknown_field",
      "options.stile", "no option"),
    Refusal(#"{"prompt":"x","source":{"id":"a"}}"#, "unknown_field", "source.id", "not known"),
    Refusal(#"{"prompt":"x","source":{"job":"video_0"}}"#, "bad_field", "source.job", "no job"),
    Refusal(#"{"prompt":"x","dry_run":1}"#, "bad_field", "dry_run", "true or false"),
    Refusal(#"{"prompt":"x","input_reference":5}"#, "bad_field", "input_reference", "not a medium"),
    Refusal(
      #"{"prompt":"x","input_reference":"./a.png"}"#, "bad_field", "input_reference", "neither"),
    Refusal(
      #"{"prompt":"x","input_reference":"http://a/b.png"}"#, "url_refused", "input_reference",
      "https"),
    Refusal(
      #"{"prompt":"x","input_reference":{"image_url":"file:///etc/passwd"}}"#, "url_refused",
      "input_reference.image_url", "https"),
    Refusal(
      #"{"prompt":"x","input_reference":"https://127.0.0.1/b.png"}"#, "url_refused",
      "input_reference", "private"),
    Refusal(
      #"{"prompt":"x","input_reference":"data:image/png,abc"}"#, "bad_media", "input_reference",
      "without base64"),
    Refusal(
      #"{"prompt":"x","input_reference":"data:image/png;base64,aGVsbG8="}"#, "bad_media",
      "input_reference", "no image"),
    Refusal(#"{"prompt":"x","references":"a"}"#, "bad_field", "references", "must be an array"),
    Refusal(
      #"{"prompt":"x","references":["gs://a/b.png",7]}"#, "bad_field", "references.1",
      "not a medium"),
    Refusal(
      #"{"prompt":"x","last_frame":"gs://a/b.png"}"#, "bad_field", "last_frame",
      "needs first_frame"),
  ]

  @Test("a wrong field is refused by name and nothing is made [B32]", arguments: refusals)
  func refused(_ refusal: Refusal) async throws {
    let door = try await Door()
    let reply = await door.post("/v1/videos", refusal.body)
    #expect(reply.code == refusal.code)
    #expect(reply.param == refusal.field)
    #expect(reply.detail.contains(refusal.says), "\(reply.detail)")
    #expect((400...402).contains(reply.status))
    #expect(reply["x-should-retry"] == nil)
    #expect(try await door.store.jobs(JobQuery()).jobs.isEmpty)
    #expect(try await door.store.usage(day: nil, scopePrefix: nil).isEmpty)
    #expect(door.files.entries.isEmpty)
  }

  struct Wish: CustomTestStringConvertible, Sendable {
    var body: String
    var field: String
    var value: JSON

    init(_ body: String, _ field: String, _ value: JSON) {
      (self.body, self.field, self.value) = (body, field, value)
    }
    var testDescription: String { "\(body) → \(field) \(value.text)" }
  }

  static let wishes = [
    Wish(#"{}"#, "seconds", 5),
    Wish(#"{}"#, "size", "1280x720"),
    Wish(#"{"model":"org/wide"}"#, "resolution", "720p"),
    Wish(#"{"model":"org/wide"}"#, "seconds", 5),
    Wish(#"{"model":"org/wide"}"#, "aspect_ratio", "16:9"),
    Wish(#"{"model":"org/wide","resolution":"480p"}"#, "resolution", "480p"),
    Wish(#"{"model":"org/wide","resolution":"1080P"}"#, "resolution", "1080p"),
    Wish(#"{"model":"org/wide","resolution":"999p","snap":true}"#, "resolution", "1080p"),
    Wish(#"{"model":"org/wide","aspect_ratio":"9:16"}"#, "aspect_ratio", "9:16"),
    Wish(#"{"model":"org/wide","size":"720x1280"}"#, "aspect_ratio", "9:16"),
    Wish(#"{"seconds":8}"#, "seconds", 8),
    Wish(#"{"seconds":"8"}"#, "seconds", 8),
    Wish(#"{"duration":"8s"}"#, "seconds", 8),
    Wish(#"{"duration_seconds":8.0}"#, "seconds", 8),
    Wish(#"{"seconds":30,"snap":true}"#, "seconds", 20),
    Wish(#"{"seconds":null}"#, "seconds", 5),
    Wish(#"{"fps":30}"#, "fps", 30),
    Wish(#"{}"#, "fps", .null),
    Wish(#"{"fps":25}"#, "fps", .null),
    Wish(#"{"fps":25,"snap":true}"#, "fps", 24),
    Wish(#"{"model":"org/wide","generate_audio":true}"#, "audio", true),
    Wish(#"{"seed":9007199254740993}"#, "seed", 9_007_199_254_740_993),
    Wish(#"{"n":2}"#, "count", 2),
    Wish(#"{"model":"org/wide","audio":true}"#, "audio", true),
    Wish(#"{"model":"c1","size":"1024x1024"}"#, "size", "1024x1024"),
    Wish(#"{"model":"sample"}"#, "kind", "text-to-video"),
    Wish(#"{"input_reference":"gs://b/a.png"}"#, "kind", "image-to-video"),
  ]

  @Test(
    "a field is taken and defaults are 5 s, 720p, 16:9 [T45] [T47] [T48] [T49] [T51] [T52] [T53] [T54]",
    arguments: wishes)
  func taken(_ wish: Wish) async throws {
    let door = try await Door()
    let comma = wish.body == "{}" ? "" : ","
    let body = #"{"prompt":"x","dry_run":true"# + comma + wish.body.dropFirst()
    let reply = await door.post("/v1/videos", body)
    #expect(reply.status == 200, "\(reply.text)")
    #expect(reply.json["resolved"]?[wish.field] == wish.value, "\(reply.text)")
    #expect(try await door.store.jobs(JobQuery()).jobs.isEmpty)
  }

  @Test("too long a prompt says how long it is and how long it may be")
  func longPrompt() async throws {
    let door = try await Door()
    for length in [Limits.promptBytes + 1, 200_000] {
      let prompt = String(repeating: "x", count: length)
      let reply = await door.post("/v1/videos", #"{"prompt":"\#(prompt)"}"#)
      #expect(reply.status == 413)
      #expect(reply.param == "prompt")
      #expect(reply.detail.contains("\(length) bytes"))
    }
  }

  @Test("what snapping changed is told")
  func asked() async throws {
    let door = try await Door()
    let reply = await door.post("/v1/videos", #"{"prompt":"x","seconds":30,"snap":true}"#)
    #expect(reply.json["kinora"]?["asked"]?["seconds"] == "30")
    #expect(reply.json["kinora"]?["request"]?["seconds"] == 20)
  }
}
