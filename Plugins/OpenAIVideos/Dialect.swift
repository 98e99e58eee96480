import KinoraPlugin

/// How a host that copies the API differs from it, from the provider's `options`:
///
/// | option | values | who needs it |
/// |---|---|---|
/// | `auth_header` | a field that takes the bare key, `api-key` | Azure OpenAI |
/// | `query` | added to each address, `api-version=preview` | Azure OpenAI |
/// | `body` | `multipart` (default), `json` | hosts that read no forms |
/// | `seconds` | `string` (default), `number` | LLMGateway (third-party report) |
/// | `content_field` | where a finished job names its file, `video_url`; else the content route | LaoZhang |
/// | `audio_field` | the field that asks for sound, `generate_sound` | vLLM-Omni |
///
/// Sources: vLLM-Omni's `docs/serving/video_api.md`, Azure's video quickstart, the hosts' own pages.
struct Dialect {
  let baseURL: String
  let authorized: Headers
  let isJSON: Bool
  let secondsAreNumber: Bool
  let contentField: String?
  let audioField: String?
  private let query: String

  init(_ context: Context) throws(Failure) {
    let config = context.config
    baseURL = context.baseURL
    if let name = config["auth_header"].string {
      let isName =
        !name.isEmpty
        && name.utf8.allSatisfy {
          (0x61...0x7a).contains($0 | 0x20) || (0x30...0x39).contains($0) || $0 == 0x2d
        }
      guard isName else { throw Self.wrong("auth_header", "the name of a header field") }
      authorized = [name: credential("api_key")]
    } else {
      authorized = ["authorization": bearer("api_key")]
    }
    isJSON = try Self.choice(config, "body", usual: "multipart", other: "json")
    secondsAreNumber = try Self.choice(config, "seconds", usual: "string", other: "number")
    contentField = config["content_field"].string
    audioField = config["audio_field"].string
    query = config["query"].string ?? ""
    guard query.utf8.allSatisfy({ (0x21...0x7e).contains($0) && $0 != 0x23 && $0 != 0x7b }) else {
      throw Self.wrong("query", "NAME=VALUE, joined by &")
    }
  }

  /// An address under the base URL. `more` is one more pair of the query.
  func url(_ path: String, _ more: String? = nil) -> String {
    let pairs = [query, more ?? ""].filter { !$0.isEmpty }
    return baseURL + path + (pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&"))
  }

  /// Whole seconds without a fraction, as the API writes them.
  func seconds(_ value: Double) -> JSON {
    guard !secondsAreNumber else { return JSON(value) }
    return .string(Int64(exactly: value).map(String.init) ?? "\(value)")
  }

  private static func choice(_ config: JSON, _ name: String, usual: String, other: String)
    throws(Failure) -> Bool
  {
    switch config[name].string {
    case usual: return false
    case other: return true
    case nil where config[name].isNull: return false
    default: throw wrong(name, "\(usual) or \(other)")
    }
  }

  private static func wrong(_ name: String, _ allowed: String) -> Failure {
    Failure(.invalid, "the provider's options.\(name) must be \(allowed)")
  }
}
