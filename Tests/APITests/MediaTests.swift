import KinoraHTTP
import KinoraModel
import Testing

/// Media in requests: through files, never through memory, refused when it is none.
@Suite struct MediaTests {
  /// A PNG as far as its first bytes tell.
  private static func picture(_ count: Int) -> [UInt8] {
    [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
      + (0..<max(0, count - 8)).map { UInt8(truncatingIfNeeded: $0 &* 31) }
  }

  private static func form(_ parts: [(head: String, body: [UInt8])]) -> [UInt8] {
    var body: [UInt8] = []
    for part in parts {
      body += Array("--BOUND\r\nContent-Disposition: form-data; \(part.head)\r\n\r\n".utf8)
      body += part.body + Array("\r\n".utf8)
    }
    return body + Array("--BOUND--\r\n".utf8)
  }

  private static let formType: HTTPFields = ["Content-Type": "multipart/form-data; boundary=BOUND"]

  @Test("a file part becomes the first frame, byte for byte [T46]", arguments: [1, 13, 4096])
  func filePart(piece: Int) async throws {
    let door = try await Door()
    let picture = Self.picture(5000)
    let body = Self.form([
      ("name=\"prompt\"", Array("a boat".utf8)), ("name=\"seconds\"", Array("8".utf8)),
      ("name=\"n\"", Array("1".utf8)), ("name=\"metadata[shot]\"", Array("7".utf8)),
      ("name=\"input_reference\"; filename=\"../x.png\"\r\nContent-Type: image/png", picture),
    ])
    let reply = await door.send(
      "POST", "/v1/videos", fields: Self.formType, body: body, piece: piece)
    #expect(reply.status == 200, "\(reply.text)")
    let input = reply.json["kinora"]?["request"]?["inputs"]?[0]
    #expect(input?["role"] == "first_frame")
    #expect(input?["mime"] == "image/png")
    #expect(input?["bytes"] == 5000)
    #expect(input?["sha256"]?.string == Digest.of(picture))
    #expect(reply.json["kinora"]?["kind"] == "image-to-video")
    #expect(reply.json["seconds"] == "8")
    #expect(reply.json["metadata"] == ["shot": "7"])
    #expect(door.files.entries == [Digest.of(picture)])
  }

  @Test("a long data URL goes to a file while it arrives [T46]", arguments: [false, true])
  func dataURL(escaped: Bool) async throws {
    let door = try await Door()
    let picture = Self.picture(300_000)
    var text = Base64.encode(picture)
    // Some writers of JSON escape every slash.
    if escaped { text = text.replacing("/", with: "\\/") }
    let body = #"{"prompt":"x","input_reference":{"image_url":"data:image/png;base64,\#(text)"}}"#
    let reply = await door.post("/v1/videos", body)
    #expect(reply.status == 200, "\(reply.text)")
    let input = reply.json["kinora"]?["request"]?["inputs"]?[0]
    #expect(input?["sha256"]?.string == Digest.of(picture))
    #expect(input?["bytes"] == 300_000)
    #expect(door.files.entries == [Digest.of(picture)])
  }

  @Test("a data URL in a form goes to a file as well [T46]")
  func formDataURL() async throws {
    let door = try await Door()
    let picture = Self.picture(2_000_000)
    let text = "data:image/png;base64,\(Base64.encode(picture))"
    let reply = await door.send(
      "POST", "/v1/videos", fields: Self.formType,
      body: Self.form([
        ("name=\"prompt\"", Array("x".utf8)),
        ("name=\"input_reference[image_url]\"", Array(text.utf8)),
      ]))
    #expect(
      reply.json["kinora"]?["request"]?["inputs"]?[0]?["sha256"]?.string == Digest.of(picture),
      "\(reply.text)")
    #expect(door.files.entries == [Digest.of(picture)])
  }

  @Test("every way to name an image means the same [T46]")
  func forms() async throws {
    let picture = Self.picture(100)
    let door = try await Door(pages: ["https://a.example/p.png": picture])
    let data = "data:image/png;base64,\(Base64.encode(picture))"
    for value in [
      #""\#(data)""#, #"{"image_url":"\#(data)"}"#, #"{"image_url":{"url":"\#(data)"}}"#,
      #""https://a.example/p.png""#, #"{"image_url":"https://a.example/p.png"}"#,
    ] {
      for field in ["input_reference", "first_frame"] {
        let reply = await door.post("/v1/videos", #"{"prompt":"x","\#(field)":\#(value)}"#)
        let input = reply.json["kinora"]?["request"]?["inputs"]?[0]
        #expect(input?["sha256"]?.string == Digest.of(picture), "\(value)")
        #expect(
          input?["url"]?.string == (value.contains("https") ? "https://a.example/p.png" : nil))
      }
    }
    for value in [#"{"file_id":"f1"}"#, #""gs://b/a.png""#] {
      let reply = await door.post("/v1/videos", #"{"prompt":"x","input_reference":\#(value)}"#)
      let input = reply.json["kinora"]?["request"]?["inputs"]?[0]
      #expect(input?["uri"]?.string.map { value.contains($0) } == true)
      #expect(input?["sha256"] == .null)
    }
    let many = await door.post(
      "/v1/videos", #"{"prompt":"x","references":["\#(data)","gs://b/c.jpg"]}"#)
    #expect(many.json["kinora"]?["kind"] == "references")
    #expect(many.json["kinora"]?["request"]?["inputs"]?[1]?["mime"] == "image/jpeg")
  }

  @Test("bytes that are no image are refused by field and leave nothing behind")
  func noImage() async throws {
    let door = try await Door()
    let text = Base64.encode([UInt8](repeating: 65, count: 200_000))
    let lifted = await door.post(
      "/v1/videos",
      #"{"prompt":"x","last_frame":"gs://a/b","first_frame":"data:image/png;base64,\#(text)"}"#)
    #expect(lifted.code == "bad_media")
    #expect(lifted.param == "first_frame")
    let part = await door.send(
      "POST", "/v1/videos", fields: Self.formType,
      body: Self.form([
        ("name=\"prompt\"", Array("x".utf8)),
        ("name=\"input_reference\"; filename=\"a.png\"", Array("GIF?".utf8)),
      ]))
    #expect(part.code == "bad_media")
    let empty = await door.send(
      "POST", "/v1/videos", fields: Self.formType,
      body: Self.form([("name=\"input_reference\"; filename=\"\"", [])]))
    #expect(empty.code == "bad_media")
    #expect(door.files.entries.isEmpty)
    #expect(try await door.store.jobs(JobQuery()).jobs.isEmpty)
  }

  @Test("an input over 32 MiB is refused by name, in JSON and in a form")
  func excess() async throws {
    let door = try await Door()
    let start = #"{"prompt":"x","last_frame":"data:image/png;base64,"#
    let json = Array(start.utf8) + [UInt8](repeating: 65, count: 44_800_000) + Array("\"}".utf8)
    let long = await door.send(
      "POST", "/v1/videos", fields: ["Content-Type": "application/json"], body: json,
      piece: 65_536)
    #expect(long.status == 413)
    #expect(long.param == "last_frame")
    let part = await door.send(
      "POST", "/v1/videos", fields: Self.formType,
      body: Self.form([
        ("name=\"input_reference\"; filename=\"a\"", [UInt8](repeating: 0, count: 34_000_000))
      ]), piece: 65_536)
    #expect(part.status == 413)
    #expect(part.param == "input_reference")
    #expect(door.files.entries.isEmpty)
  }

  @Test("what a model does not take is refused before its bytes are stored")
  func beforeStoring() async throws {
    let door = try await Door()
    let text = Base64.encode(Self.picture(100_000))
    let reply = await door.post(
      "/v1/videos",
      #"{"prompt":"x","model":"org/wide","last_frame":"data:image/png;base64,\#(text)"}"#)
    #expect(reply.param == "last_frame")
    #expect(door.files.entries.isEmpty)
  }

  @Test("long strings belong into no other field")
  func lostLifts() async throws {
    let door = try await Door()
    let long = String(repeating: "y", count: 100_000)
    for (body, field) in [
      (#"{"prompt":"x","options":{"a":["\#(long)"]}}"#, "options"),
      (#"{"prompt":"x","model":"\#(long)"}"#, "model"),
      (#"{"prompt":"x","metadata":{"a":"\#(long)"}}"#, "metadata.a"),
      (#"{"prompt":"x","input_reference":"\#(long)"}"#, "input_reference"),
    ] {
      let reply = await door.post("/v1/videos", body)
      #expect(reply.param == field)
      #expect((400...413).contains(reply.status))
    }
    let wide = (0..<40).map { #""k\#($0)":"\#(String(repeating: "z", count: 60_000))""# }
    let reply = await door.post("/v1/videos", #"{"options":{\#(wide.joined(separator: ","))}}"#)
    #expect(reply.status == 413)
  }

  @Test("a broken body is refused where it breaks, also behind a lifted string")
  func position() async throws {
    let door = try await Door()
    let data = "data:image/png;base64,\(Base64.encode(Self.picture(90_000)))"
    let body = #"{"first_frame":"\#(data)","prompt":x}"#
    let reply = await door.post("/v1/videos", body)
    #expect(reply.code == "malformed_body")
    #expect(reply.detail.hasSuffix("line 1, column \(body.utf8.count - 1)"), "\(reply.detail)")
    #expect(door.files.entries.isEmpty)
  }

  @Test(
    "a broken form is refused",
    arguments: [
      "--BOUND\r\nContent-Disposition: form-data; name=\"prompt\"\r\n\r\nx",
      "no boundary", "--BOUND\r\nX: y\r\n\r\nx\r\n--BOUND--\r\n",
    ])
  func brokenForm(_ text: String) async throws {
    let door = try await Door()
    let reply = await door.send(
      "POST", "/v1/videos", fields: Self.formType, body: Array(text.utf8))
    #expect(reply.status == 400)
    #expect(reply.code == "malformed_body")
  }

  @Test("a field that stands twice in a form, or has broken brackets, is refused")
  func formNames() async throws {
    let door = try await Door()
    for names in [["prompt", "prompt"], ["metadata", "metadata[a]"], ["metadata[a"]] {
      let reply = await door.send(
        "POST", "/v1/videos", fields: Self.formType,
        body: Self.form(names.map { ("name=\"\($0)\"", Array("x".utf8)) }))
      #expect(reply.code == "bad_field", "\(names)")
    }
  }

  @Test("a form's objects may be JSON text, its references may repeat")
  func formValues() async throws {
    let door = try await Door()
    let picture = Self.picture(64)
    let reply = await door.send(
      "POST", "/v1/videos", fields: Self.formType,
      body: Self.form([
        ("name=\"prompt\"", Array("x".utf8)), ("name=\"metadata\"", Array(#"{"a":"b"}"#.utf8)),
        ("name=\"references\"; filename=\"a\"", picture),
        ("name=\"references[]\"; filename=\"b\"", picture), ("name=\"snap\"", Array("true".utf8)),
      ]))
    #expect(reply.status == 200, "\(reply.text)")
    #expect(reply.json["metadata"] == ["a": "b"])
    #expect(reply.json["kinora"]?["request"]?["inputs"]?.array?.count == 2)
  }
}
