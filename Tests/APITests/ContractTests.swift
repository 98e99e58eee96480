import KinoraAPI
import KinoraHTTP
import KinoraModel
import Testing

/// The OpenAPI document against the router, both ways.
@Suite struct ContractTests {
  @Test("every route is in the document, and nothing else is")
  func bothWays() async throws {
    let door = try await Door()
    let reply = await door.get("/openapi.json")
    #expect(reply.status == 200)
    var written: [String] = []
    for path in reply.json["paths"]?.members ?? [] {
      for method in path.value.members ?? [] { written.append("\(method.key) \(path.key)") }
    }
    let served = Routes.all.flatMap { route in
      route.endpoints.map { "\($0.method.lowercased()) \(Contract.path(route.template))" }
    }
    #expect(written.sorted() == served.sorted())
    #expect(Set(written).count == written.count)
  }

  @Test("what is said of operations is said of routes that there are, and native ones have words")
  func words() {
    let keys = Contract.operations.map(\.key)
    let served = Routes.all.flatMap { route in
      route.endpoints.map { "\($0.method) \(route.template)" }
    }
    #expect(Set(keys).count == keys.count)
    #expect(keys.filter { !served.contains($0) } == [])
    let native = served.filter { key in Routes.native.contains { key.hasSuffix(" \($0.template)") }
    }
    #expect(native.filter { !keys.contains($0) } == [])
  }

  @Test("every schema is JSON, and every reference names one")
  func schemas() {
    let names = Set(ContractSchemas.all.members?.map(\.key) ?? [])
    #expect(names.isSuperset(of: ["Job", "Quote", "Problem", "Model", "Event", "VideoRequest"]))
    var missing: [String] = []
    func walk(_ json: JSON, _ place: String) {
      for member in json.members ?? [] {
        if member.key == "$ref", let name = member.value.string?.split(separator: "/").last {
          if !names.contains(String(name)) { missing.append("\(place): \(name)") }
        }
        if ["schema", "example"].contains(member.key), member.value.isNull {
          missing.append("\(place).\(member.key)")
        }
        walk(member.value, "\(place).\(member.key)")
      }
      for item in json.array ?? [] { walk(item, place) }
    }
    walk(Contract.document, "")
    #expect(missing == [])
  }

  @Test("the schema of a request has the fields that are read, no more and no less")
  func fields() {
    let members = ContractSchemas.all["VideoRequest"]?["properties"]?.members?.map(\.key)
    #expect(members?.sorted() == VideoFields.known.sorted())
  }

  @Test("the schemas of requests that go on with a result have the fields that are read")
  func continuing() {
    for (name, use) in [
      ("RemixRequest", GenerationKind.remix), ("EditRequest", .edit), ("ExtensionRequest", .extend),
    ] {
      let members = ContractSchemas.all[name]?["properties"]?.members?.map(\.key)
      #expect(members?.sorted() == ContinueFields.known(use).sorted(), "\(name)")
    }
  }

  @Test("an unfinished job says when to ask again; one that is over does not")
  func pollAfter() async throws {
    let door = try await Door()
    let id = await door.make()
    #expect(await door.get("/v1/videos/\(id)")["Retry-After"] == "2")
    #expect(await door.get("/v1/videos/\(id)?wait=0")["Retry-After"] == "2")
    try await door.move(id, to: .failed)
    #expect(await door.get("/v1/videos/\(id)")["Retry-After"] == nil)
    #expect(await door.get("/v1/videos/\(id)?wait=0")["Retry-After"] == nil)
  }

  @Test("a new job's answer says what is left of the places to wait")
  func rateLimit() async throws {
    let door = try await Door(maxQueued: 2)
    for left in [1, 0] {
      let reply = await door.post("/v1/videos", #"{"prompt":"boat \#(left)"}"#)
      #expect(reply["RateLimit"] == "\"queued\";r=\(left)")
      #expect(reply["RateLimit-Policy"]?.hasPrefix("\"queued\";q=2;qu=") == true)
    }
    #expect(await door.post("/v1/videos", #"{"prompt":"more"}"#).status == 429)
    let free = try await Door(maxQueued: 0)
    #expect(await free.post("/v1/videos", #"{"prompt":"boat"}"#)["RateLimit"] == nil)
  }
}
