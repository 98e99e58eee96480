/// What an answer says went wrong, in the forms that providers write it:
///
/// ```
/// {"error":{"message","code"|"type"|"status","details":[{"reason"}]}}   nearly all; Google also in an array
/// {"error":"words"}   {"message","code"}   {"detail":"words"}           small servers, Kling, FastAPI
/// ```
public struct Complaint: Sendable {
  /// The error object, else the whole body; `null` for an answer that is no JSON.
  public let json: JSON
  /// What it says.
  public let words: Words
  /// Its `code`, `type` and `status` as text, and of its details the `reason` and the `quotaId` of each
  /// violation, where it has them.
  public let codes: [String]

  /// Reads the body of an answer.
  public init(_ body: JSON) {
    let whole = body[0].isNull ? body : body[0]
    let error = whole["error"].isNull ? whole : whole["error"]
    json = error
    words = Words(error, whole["detail"])
    codes =
      ["code", "type", "status"].compactMap { error[$0].text }
      + error["details"].array.flatMap { detail in
        [detail["reason"]] + detail["violations"].array.map { $0["quotaId"] }
      }.compactMap(\.text)
  }
}

extension Response {
  /// What the body complains of.
  public var complaint: Complaint { Complaint(jsonOrNull) }
}
