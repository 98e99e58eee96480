package import KinoraModel

/// The schemas (JSON Schema 2020-12) that the contract's operations speak of.
///
/// They are text as they would be written by hand, and parsed once: a literal of this size costs the
/// compiler more than it says.
package enum ContractSchemas {
  /// All of them, by name.
  package static let all: JSON = {
    var members: [JSONMember] = []
    for text in [jobs, requests, tenants, others] { members += parsed(text).members ?? [] }
    return .object(members)
  }()

  /// A reference to a schema by its name; text that begins with a brace is a schema itself.
  static func schema(_ text: String) -> JSON {
    text.hasPrefix("{") ? parsed(text) : ["$ref": .string("#/components/schemas/\(text)")]
  }

  /// JSON of this file's and the operations' own text; null, which a test refuses, where it is none.
  static func parsed(_ text: String) -> JSON { (try? JSON.parse(Array(text.utf8))) ?? .null }
}
