import KinoraModel

/// An error as clients get it: RFC 9457 `application/problem+json` that is an OpenAI error object as
/// well, in one body.
struct ProblemBody {
  /// Where an error's `field` is to be looked for.
  enum Place {
    /// A member of the body: `pointer`, a JSON pointer.
    case body
    /// A parameter of the query: `parameter`.
    case query
  }

  var error: KinoraError
  var requestID: String
  var place: Place = .body
  /// More errors of the same request; each is listed.
  var others: [KinoraError] = []

  /// The JSON text.
  var bytes: [UInt8] {
    let row = ErrorTable.row(error.code)
    var json = JSONWriter(capacity: 640)
    json.beginObject()
    json.member("type", .string("https://kinora.invalid/errors/\(error.code.rawValue)"))
    json.member("title", .string(row.title))
    json.member("status", .integer(Int64(row.status)))
    json.member("detail", .string(error.message))
    json.member("request_id", .string(requestID))
    json.key("errors")
    json.beginArray()
    // A place in a configuration is in the message, so each of its errors is listed.
    let lists = !others.isEmpty || error.code == .configuration
    for item in [error] + others where item.field != nil || lists {
      write(item, to: &json)
    }
    json.endArray()
    json.key("error")
    json.beginObject()
    json.member("message", .string(error.message))
    json.member("type", .string(row.type))
    json.member("param", JSON(error.field))
    json.member("code", .string(error.code.rawValue))
    json.endObject()
    json.member(ifPresent: "provider_error", error.providerMessage)
    for fact in error.facts { json.member(fact.key, fact.value) }
    json.endObject()
    return json.bytes
  }

  private func write(_ item: KinoraError, to json: inout JSONWriter) {
    json.beginObject()
    if let field = item.field {
      // Only header names begin with a capital.
      if field.utf8.first.map({ (0x41...0x5a).contains($0) }) == true {
        json.member("header", .string(field))
      } else if place == .query {
        json.member("parameter", .string(field))
      } else {
        json.member("pointer", .string(Self.pointer(field)))
      }
    }
    json.member("detail", .string(item.message))
    json.member("allowed", .array(item.allowed.map { .string($0) }))
    json.endObject()
  }

  /// `references.0.image_url` as the JSON pointer `/references/0/image_url` (RFC 6901).
  static func pointer(_ field: String) -> String {
    var pointer = "/"
    for character in field {
      switch character {
      case ".": pointer += "/"
      case "/": pointer += "~1"
      case "~": pointer += "~0"
      default: pointer.append(character)
      }
    }
    return pointer
  }
}
