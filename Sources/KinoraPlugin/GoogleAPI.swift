/// Conventions that Google's APIs share, for a plugin of any of them: errors as google.rpc.Status
/// (AIP-193), long-running operations (AIP-151), media and filtered results of `predict` methods.
extension ErrorRule {
  /// What the words of an error add to its status.
  public static let google: [ErrorRule] = [
    ErrorRule(
      .refused, "content refused", status: [400],
      says: ["safety", "prohibited", "responsible ai", "usage guidelines"]),
    ErrorRule(
      .invalid, "the model was shut down by its provider", status: [404],
      says: ["no longer available", "retired"]),
    // An empty purse is told with either and does not mend itself.
    ErrorRule(
      .exhausted, "the provider's account has no credit left", status: [402, 429],
      says: ["prepayment", "credits are depleted"]),
    // A daily quota (google.rpc.QuotaFailure) does not come back within minutes.
    ErrorRule(
      .exhausted, "the provider has no room for more requests", status: [402, 429],
      says: ["perday"], wait: 3_600_000),
  ]
}

extension JSON {
  /// True for an operation that is done and has a `response`, false while it is at work. Throws `refused`
  /// with the words of its `error`: google.rpc.Code 8 quota, 13 internal, 14 unavailable end it all the
  /// same.
  public func isFinishedOperation() throws(Failure) -> Bool {
    guard isObject else {
      throw Failure(.protocol, "the provider answered without an operation")
    }
    guard self["done"].bool == true else { return false }
    guard self["error"].isNull else {
      throw Failure(.refused, Words(self["error"]).or("the operation failed without a reason"))
    }
    return true
  }

  /// Why this response of an operation holds no clips, `raiMediaFilteredReasons` and their count; nil
  /// where no filter took one.
  public var filteredMedia: Failure? {
    let reasons = self["raiMediaFilteredReasons"].array.compactMap(\.string)
    guard !reasons.isEmpty || self["raiMediaFilteredCount"].int ?? 0 > 0 else { return nil }
    let words = Words(reasons.joined(separator: " ")).or("the provider's filter took it")
    return Failure(.refused, "content refused: \(words)")
  }
}

extension Job.Input {
  /// An input for `predict`: its bytes as base64, or an object of Cloud Storage.
  public func predictMedia() throws(Failure) -> JSON {
    let mime: JSON = .string(self.mime)
    guard ref == nil else { return ["bytesBase64Encoded": .base64(self), "mimeType": mime] }
    let uri = try address("gs://", form: "gs://BUCKET/OBJECT")
    return ["gcsUri": .string(uri), "mimeType": mime]
  }
}

extension Job {
  /// The instance of a `predict` method that makes video, camel case: prompt, frames and references.
  public func predictInstance() throws(Failure) -> JSON {
    // The documentation writes `asset`; the official client (google-genai 3.4.0) sends it like this.
    let references = try inputs("reference").map { input throws(Failure) -> JSON in
      ["image": try input.predictMedia(), "referenceType": "ASSET"]
    }
    return .fields([
      "prompt": JSON(unlessEmpty: prompt),
      "image": try input("first_frame")?.predictMedia() ?? .null,
      "lastFrame": try input("last_frame")?.predictMedia() ?? .null,
      "referenceImages": JSON(unlessEmpty: references),
    ])
  }
}
