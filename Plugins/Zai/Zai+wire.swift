import KinoraPlugin

/// The body of a submit, and what errors mean.
extension Zai {
  func submission(_ job: Job, _ context: Context) throws(Failure) -> JSON {
    let isCog = job.model.hasPrefix("cogvideox")
    if isCog, job.input("last_frame") != nil, job.options["quality"].string == "quality" {
      throw Failure(.invalid, "options.quality must be speed with first and last frame")
    }
    var body = JSON.fields([
      "model": .string(job.model), "prompt": JSON(unlessEmpty: job.prompt),
      "image_url": try images(job),
    ])
    body.merge(job.options)
    body.merge(
      .fields([
        "with_audio": JSON(job.audio), "size": JSON(job.size), "duration": JSON(job.seconds),
        "fps": JSON(job.fps),
        // CogVideoX has sizes alone: the host chose one of this shape.
        "aspect_ratio": isCog ? .null : JSON(job.aspectRatio),
        // Shown in the provider's console, so that a person finds a lost submit there. A second one
        // of the same name is refused (code 1231), so each purchase has its own.
        "request_id": .string("kin-\(context.idempotencyKey)"),
      ]))
    return body
  }

  /// One image is a string, several are an array: first and last frame, or references.
  private func images(_ job: Job) throws(Failure) -> JSON {
    let inputs = job.inputs("first_frame") + job.inputs("last_frame") + job.inputs("reference")
    let list = try inputs.map { input throws(Failure) in try input.dataURLOrAddress() }
    return list.count == 1 && job.kind != "references" ? list[0] : JSON(unlessEmpty: list)
  }

  /// `{"error":{"code","message"}}`, the code a number in a string. The status alone says little: a
  /// spent balance is 429 as a busy hour is. Source: docs.z.ai/api-reference/api-code; which status
  /// comes with a code of 12xx and 13xx is inferred.
  static let errors: [ErrorRule] = [
    ErrorRule(
      .unauthenticated, "the provider refused the credential ({code})",
      codes: [
        "1000", "1001", "1002", "1003", "1004", "1110", "1111", "1112", "1120", "1121", "1220",
      ]),
    ErrorRule(
      .exhausted, "the provider's account has no credit left ({code})", codes: ["1113", "1309"]),
    ErrorRule(
      .notFound, "the provider does not know the task ({code})", status: [404], codes: ["1214"]),
    ErrorRule(
      .invalid, "the provider refused the request ({code})",
      codes: ["1210", "1211", "1212", "1213", "1214", "1215", "1221", "1222", "1231"]),
    ErrorRule(.refused, "content refused", codes: ["1301"]),
    // A daily or weekly limit does not come back within minutes.
    ErrorRule(
      .exhausted, "the account's limit is reached ({code})", codes: ["1304", "1308", "1310"],
      wait: 3_600_000),
    ErrorRule(
      .exhausted, "the provider has no room for more requests ({code})",
      codes: ["1302", "1303", "1305"], wait: 0),
    ErrorRule(
      .unavailable, "the provider answered {status} ({code})",
      codes: ["500", "1200", "1230", "1234"], wait: 0),
  ]
}
