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
    baseURL = context.baseURL
    let field = try context.option(
      "auth_header",
      otherwise: "the provider's options.auth_header must be the name of a header field"
    ) {
      $0.isEmpty || $0.isPlain("-")
    }
    authorized =
      field.isEmpty ? ["authorization": bearer("api_key")] : [field: credential("api_key")]
    isJSON = try Self.choice("body", context, usual: "multipart", other: "json")
    secondsAreNumber = try Self.choice("seconds", context, usual: "string", other: "number")
    contentField = context.config["content_field"].string
    audioField = context.config["audio_field"].string
    query = try context.option(
      "query", otherwise: "the provider's options.query must be NAME=VALUE, joined by &"
    ) { text in
      text.utf8.allSatisfy { (0x21...0x7e).contains($0) && $0 != 0x23 && $0 != 0x7b }
    }
  }

  /// An address under the base URL. `more` is one more pair of the query.
  func url(_ path: String, _ more: String? = nil) -> String {
    let pairs = [query, more ?? ""].filter { !$0.isEmpty }
    return baseURL + path + (pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&"))
  }

  /// Whole seconds without a fraction, as the API writes them; `null` for none.
  func seconds(_ value: Double?) -> JSON {
    let number = JSON(value)
    return secondsAreNumber || number.isNull ? number : .string(number.written)
  }

  private static func choice(_ name: String, _ context: Context, usual: String, other: String)
    throws(Failure) -> Bool
  {
    try context.option(
      name, usual: usual, otherwise: "the provider's options.\(name) must be \(usual) or \(other)"
    ) { [usual, other].contains($0) } == other
  }
}
