import KinoraAPI
import KinoraHTTP
import KinoraModel
import Testing

/// Routes, identity and errors.
@Suite struct WireTests {
  @Test("an unknown path is 404, a wrong method 405 with Allow")
  func routes() async throws {
    let door = try await Door()
    for path in ["/v1", "/v1/videos/", "/v1/video", "/v1/videos/a/b", "/v1/models/"] {
      let reply = await door.get(path)
      #expect(reply.status == 404, "\(path)")
      #expect(reply.code == "not_found")
    }
    #expect(await door.get("/v1/video").detail.contains("did you mean /v1/videos?"))
    for (method, path, allow) in [
      ("PUT", "/v1/videos", "GET, HEAD, POST"), ("DELETE", "/v1/videos", "GET, HEAD, POST"),
      ("POST", "/v1/videos/a", "GET, HEAD, DELETE"), ("GET", "/v1/quote", "POST"),
      ("HEAD", "/v1/pause", "POST"), ("POST", "/livez", "GET, HEAD"),
    ] {
      let reply = await door.send(method, path)
      #expect(reply.status == 405, "\(method) \(path)")
      #expect(reply["Allow"] == "\(allow), OPTIONS")
      #expect(reply.code == "method_not_allowed")
      let options = await door.send("OPTIONS", path)
      #expect(options.status == 204)
      #expect(options["Allow"] == "\(allow), OPTIONS")
    }
    #expect(await door.send("FROB", "/v1/videos").status == 501)
    #expect(await door.send("QUERY", "/v1/videos").status == 405)
    #expect(await door.get("/").json["documentation"] == "/docs")
  }

  @Test("HEAD is answered as GET is")
  func head() async throws {
    let door = try await Door()
    let id = await door.make()
    for path in ["/v1/videos", "/v1/videos/\(id)", "/v1/models", "/livez", "/metrics"] {
      #expect(await door.send("HEAD", path).status == 200, "\(path)")
    }
  }

  @Test("on the Unix socket the uid is who you are, and uid 65534 is nobody")
  func uids() async throws {
    let door = try await Door()
    let reply = await door.get("/v1/videos", uid: 65_534)
    #expect(reply.status == 403)
    #expect(reply.code == "forbidden")
    #expect(await door.post("/v1/videos", #"{"prompt":"x"}"#, uid: 65_534).status == 403)
    let id = await door.make(uid: 1234)
    let record = try await door.store.job(id)
    #expect(record?.principal == "uid:1234")
    #expect(record?.client == "uid:1234")
    #expect(await door.get("/livez", uid: 65_534).status == 200)
  }

  @Test("on TCP the key is who you are")
  func keys() async throws {
    let door = try await Door()
    let peer = HTTPPeer.tcp(address: "127.0.0.1:5")
    for value in [nil, "secret-1", "Basic secret-1", "Bearer", "Bearer nope", "Bearer a b"] {
      var fields = HTTPFields()
      if let value { fields.append("Authorization", value) }
      let reply = await door.send("GET", "/v1/videos", fields: fields, peer: peer)
      #expect(reply.status == 401, "\(value ?? "none")")
      #expect(reply["WWW-Authenticate"] == "Bearer")
      #expect(reply.json["errors"]?[0]?["header"] == "Authorization")
    }
    let reply = await door.send(
      "POST", "/v1/videos", fields: ["authorization": "bearer secret-1"],
      body: Array(#"{"prompt":"x"}"#.utf8), peer: peer)
    #expect(reply.json["kinora"]?["client"] == "key:1")
    #expect(await door.send("GET", "/livez", peer: peer).status == 200)
    #expect(await door.send("GET", "/metrics", peer: peer).status == 401)
  }

  @Test("what administrators do is refused to others")
  func administrators() async throws {
    let door = try await Door()
    for (method, path) in [
      ("GET", "/v1/config"), ("GET", "/v1/doctor"), ("POST", "/v1/reload"),
      ("POST", "/v1/pause"), ("POST", "/v1/resume"),
    ] {
      #expect(await door.send(method, path).status == 403, "\(path)")
      #expect(await door.send(method, path, uid: 990).status == 200, "\(path)")
    }
  }

  @Test("one body is a problem of RFC 9457 and an error of the OpenAI dialect")
  func body() async throws {
    let door = try await Door()
    let reply = await door.post("/v1/videos", #"{"prompt":"x","seconds":21}"#)
    #expect(reply["Content-Type"] == "application/problem+json")
    let id = reply["x-request-id"] ?? ""
    #expect(id.utf8.count == 20)
    #expect(
      reply.text
        == #"{"type":"https://kinora.invalid/errors/bad_field","title":"A field has a wrong value","#
        + #""status":400,"detail":"seconds must be 1 to 20 in steps of 1","request_id":"\#(id)","#
        + #""errors":[{"pointer":"/seconds","detail":"seconds must be 1 to 20 in steps of 1","#
        + #""allowed":["1 to 20"]}],"error":{"message":"seconds must be 1 to 20 in steps of 1","#
        + #""type":"invalid_request_error","param":"seconds","code":"bad_field"}}"#)
  }

  @Test(
    "what the HTTP server refuses has the same body",
    arguments: [400, 403, 404, 408, 412, 413, 414, 415, 416, 417, 421, 431, 501, 503, 505])
  func serverRefusals(_ status: Int) async throws {
    let door = try await Door()
    let reply = Reply(door.api.refusal(status: status, reason: "one Host field is required"))
    #expect(reply.status == status)
    #expect(reply.json["status"] == .integer(Int64(status)))
    #expect(reply.detail == "one Host field is required")
    #expect(reply.code != "internal_error")
    #expect(reply["x-request-id"] != nil)
  }

  @Test("every code of the model has a row, and the page about the API has the same rows")
  func errorTable() async throws {
    let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    func text(_ path: String) -> String {
      String(decoding: TestFiles.read("\(root)/\(path)"), as: UTF8.self)
    }
    let codes = text("Sources/KinoraModel/KinoraError.swift")
      .matches(of: /public static let \w+ = Self\("(\w+)"\)/).map { String($0.output.1) }
    #expect(codes.count > 35)
    var documented: [String: Int] = [:]
    let page = text("docs/api.md").components("## Errors").last ?? ""
    for match in page.matches(of: /\n\| ([a-z_, ]+) \| (\d{3}) \|/) {
      for code in match.output.1.split(separator: ", ") {
        documented[String(code)] = Int(match.output.2)
      }
    }
    for code in codes {
      let status = ErrorTable.rows[KinoraError.Code(code)]?.status
      #expect(status != nil, "\(code) has no row")
      #expect(documented[code] == status, "\(code) in docs/api.md")
    }
    #expect(Set(documented.keys).isSuperset(of: ErrorTable.rows.keys.map(\.rawValue)))
  }

  @Test("request ids do not repeat")
  func requestIDs() async throws {
    let door = try await Door()
    var seen: Set<String> = []
    for _ in 0..<1000 { seen.insert(await door.get("/livez")["x-request-id"] ?? "") }
    #expect(seen.count == 1000)
  }
}
