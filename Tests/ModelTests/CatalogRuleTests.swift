import KinoraModel
import Testing

@Suite struct CatalogRuleTests {
  private func model(_ only: String) throws -> CatalogModel {
    let text = """
      {"hosts":[],"base_url":"https://example.com","models":[{"id":"m",
      "kinds":["text-to-video","extend"],"durations":[4,6,8],"default_duration":4,
      "resolutions":["720p","1080p"],"only":\(only)}]}
      """
    return try #require(try Catalog.parse(Array(text.utf8)).models.first)
  }

  @Test("a rule narrows a model where its condition holds, the usual length moves to the nearest")
  func narrowed() throws {
    let model = try model(
      """
      [{"if":{"resolutions":["1080p"]},"durations":[6,8]},
       {"if":{"kinds":["extend"]},"durations":[8],"resolutions":["720p"]}]
      """)
    #expect(model.narrowed(kind: .textToVideo) == model)
    #expect(model.narrowed(kind: .textToVideo, resolution: "720p") == model)
    let high = model.narrowed(kind: .textToVideo, resolution: "1080p")
    #expect(high.durations == .list([6, 8]))
    #expect(high.defaultDuration == 6)
    let extended = model.narrowed(kind: .extend)
    #expect(extended.durations == .list([8]))
    #expect(extended.resolutions == ["720p"])
  }

  @Test("where a picture gives the shape there is none to choose")
  func shapes() throws {
    var model = try model("[{\"if\":{\"kinds\":[\"extend\"]},\"aspect_ratios\":[]}]")
    model.aspectRatios = ["16:9", "9:16"]
    #expect(model.narrowed(kind: .textToVideo).aspectRatios == ["16:9", "9:16"])
    #expect(model.narrowed(kind: .extend).aspectRatios == [])
  }

  @Test(
    "a rule that is not understood is refused",
    arguments: ["[{\"when\":{}}]", "[{\"if\":{\"fps\":[24]}}]", "[{\"if\":{\"kinds\":[\"x\"]}}]"])
  func refused(only: String) {
    #expect(throws: KinoraError.self) { try model(only) }
  }

  @Test(
    "a slip of the pen in a catalog is told with its place and with what was probably meant",
    arguments: [
      (#"{"base_ulr":"x"}"#, "catalog.base_ulr: is not known here; did you mean base_url?"),
      ("{\"hosts\":[],\n \"models\":[1,]}", "expected a value, line 2, after … \"models\":[1,"),
      (
        #"{"hosts":[],"base_url":"https://example.com","submit":{"cancel":"yes"},"models":[]}"#,
        "catalog.submit.cancel: yes must be none, queued, any"
      ),
    ])
  func slips(text: String, words: String) throws {
    let error = try #require(throws: KinoraError.self) { try Catalog.parse(Array(text.utf8)) }
    #expect(error.message.contains(words), "\(error.message)")
  }
}
