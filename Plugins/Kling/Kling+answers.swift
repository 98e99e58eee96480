import KinoraPlugin

/// What a task says of itself, and what errors mean.
extension Kling {
  /// US dollars of one unit, in millionths (third-party copies of the price list, September 2026).
  private static let unit = 140_000.0

  func follow(_ data: JSON, _ id: String, _ generation: Generation, _ context: Context)
    throws(Failure) -> Step<State>
  {
    let task: JSON
    switch generation {
    case .legacy: task = data
    case .tasks:
      guard case .array(let list) = data else {
        throw Failure(.protocol, "the provider answered a poll without a list of tasks")
      }
      guard let own = list.first(where: { $0["id"].text == id }) else {
        throw Failure(.notFound, "the provider does not know the task \(id)")
      }
      task = own
    }
    let word = task["task_status"].isNull ? task["status"] : task["task_status"]
    switch try JobStatus(word, otherwise: "the provider answered a poll without a status") {
    case .done: return .succeed(try output(task, context)).handle(id)
    // submitted, processing; a word that is not known is no end.
    case .working: return .wait(Self.pace, .polling(id: id, api: generation)).handle(id)
    case let end:
      throw Failure(
        end, Words(task["task_status_msg"], task["message"]), filter: Self.filter, job: "task")
    }
  }

  private static let filter = ["risk control", "sensitive", "policy", "safety", "violat"]

  /// The video without a watermark. Its own id, not the task's, is what an extension goes on from.
  /// Results carry their own signature and no key.
  private func output(_ task: JSON, _ context: Context) throws(Failure) -> Output {
    let files = task["task_result"]["videos"].array + task["outputs"].array
    let videos = files.filter { ($0["type"].string ?? "video") == "video" }
    let urls = videos.compactMap { $0["url"].string }.filter(context.isFetchable)
    return try Output(
      fetchable: urls.map { .url($0) }, costMicroUSD: cost(task), handle: videos.first?["id"].text,
      otherwise: "the task is done and names no video that can be fetched")
  }

  /// What Kling says it took: units of a pack, or cash. Nil where it says nothing that is dollars; the
  /// catalog's price counts then.
  private func cost(_ task: JSON) -> Int64? {
    if let units = task["final_unit_deduction"].double, units > 0, units < 1_000_000 {
      return Int64((units * Self.unit).rounded())
    }
    var total: Int64 = 0
    for entry in task["billing"].array {
      guard let amount = entry["amount"].double, amount >= 0, amount < 1_000_000 else { return nil }
      switch entry["charge_type"].string?.lowercased() {
      case "unit": total += Int64((amount * Self.unit).rounded())
      case "cash" where entry["currency"].string?.uppercased() == "USD":
        total += Int64((amount * 1_000_000).rounded())
      default: return nil
      }
    }
    return total > 0 ? total : nil
  }

  /// `{"code","message","request_id"}`. The code decides, not the status: 429 is a rate limit, an empty
  /// account or a wrong address, and relays deliver codes with 200.
  /// Source: klingai.com/document-api, table of error codes.
  private static let errors: [ErrorRule] = [
    ErrorRule(
      .unauthenticated, "the provider refused the credential ({code})",
      codes: ["1000", "1001", "1002"]),
    ErrorRule(
      .unauthenticated,
      "the provider refused the token as not yet valid ({code}); is the clock of this host right?",
      codes: ["1003"]),
    ErrorRule(
      .unauthenticated,
      "the provider refused the token as expired ({code}); is the clock of this host right?",
      codes: ["1004"]),
    ErrorRule(.exhausted, "the provider's account has a problem ({code})", codes: ["1100"]),
    ErrorRule(.exhausted, "the provider's account is in arrears ({code})", codes: ["1101"]),
    ErrorRule(
      .exhausted, "the provider's account has no units left or they expired ({code})",
      codes: ["1102"]),
    ErrorRule(.unauthenticated, "the account may not use this ({code})", codes: ["1103"]),
    ErrorRule(
      .invalid, "the provider refused the request ({code})", codes: ["1200", "1201", "1202"]),
    ErrorRule(.refused, "content refused ({code})", codes: ["1300", "1301"]),
    ErrorRule(
      .exhausted, "the provider has no room for more requests ({code})", codes: ["1302", "1303"],
      wait: 0),
    ErrorRule(.unauthenticated, "this host's address is not allowed ({code})", codes: ["1304"]),
    ErrorRule(
      .unavailable, "the provider has an inner error ({code})",
      codes: Set((5000...5999).map(String.init)), wait: 0),
  ]
  /// Nothing is known of any other code, so with 200 it proves nothing.
  private static let unknown = ErrorRule(
    .protocol, "the provider answered with the code {code}", status: [200])
  static let submitErrors =
    errors + [
      ErrorRule(
        .invalid, "the provider does not have this model or resource ({code})", codes: ["1203"]),
      unknown,
    ]
  /// For a lookup 1203 is the proof: the tag was never taken. A send after it that came too late would
  /// meet its own tag.
  static let pollErrors =
    errors + [
      ErrorRule(.notFound, "the provider does not know the task ({code})", codes: ["1203"]),
      unknown,
    ]

  /// An error without a code is not Kling's own but of what stands before it.
  func refusal(_ response: Response, _ rules: [ErrorRule], _ context: Context) -> Failure {
    let body = response.jsonOrNull
    return body["code"].isNull
      ? Failure(response, words: body["message"].string, context)
      : Failure(response, rules, context)
  }
}
