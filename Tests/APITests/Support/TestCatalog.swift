import KinoraCore
import KinoraModel

/// Models of the tests: one with sizes, one with shapes and resolutions, one without a price.
enum TestCatalog {
  static func index() throws -> ModelIndex {
    let catalog = try Catalog.parse(Array(text.utf8))
    var sample = ProviderSettings(name: "sample", plugin: "sample", baseURL: "https://a.example")
    sample.maxConcurrent = 4
    let other = ProviderSettings(name: "other", plugin: "other", baseURL: "https://b.example")
    let small = try Catalog.parse(Array(otherText.utf8))
    return ModelIndex(
      providers: [sample, other], catalogs: ["sample": catalog, "other": small],
      defaultModel: "sample/clip")
  }

  private static let text = """
    {"hosts":[],"base_url":"https://a.example","poll_ms":1000,"models":[
      {"id":"clip","name":"Clip","aliases":["c1"],
       "kinds":["text-to-video","image-to-video","first-last-frame","references","extend"],
       "durations":{"min":1,"max":20},"sizes":["1280x720","720x1280","1024x1024"],
       "fps":[24,30],"seed":true,"negative_prompt":true,"max_count":2,
       "inputs":{"first_frame":1,"last_frame":1,"reference":3},
       "prices":[{"per":"second","usd":"0.01","source":"test","date":"2026-10-01"}]},
      {"id":"org/wide","name":"Wide","kinds":["text-to-video","image-to-video"],
       "durations":[4,5,8],"aspect_ratios":["16:9","9:16"],
       "resolutions":["480p","720p","1080p"],"audio":"optional","inputs":{"first_frame":1},
       "options":["style"],"retires_at":"2027-01-01","successor":"org/wider",
       "prices":[{"per":"second","usd":"0.10","audio":false,"source":"test","date":"2026-10-01"},
         {"per":"second","usd":"0.40","audio":true,"source":"test","date":"2026-10-01"}]}]}
    """
  private static let otherText = """
    {"hosts":[],"base_url":"https://b.example","models":[
      {"id":"mystery","kinds":["text-to-video","extend"]},
      {"id":"remixer","kinds":["text-to-video","image-to-video","remix","edit"],"durations":[4,8],
       "description":"For tests.","inputs":{"first_frame":1},
       "prices":[{"per":"second","usd":"0.10","source":"test","date":"2026-10-01"}]}]}
    """
}
