import KinoraPlugin

/// Vercel's AI Gateway, asynchronous video form.
///
/// ```
/// POST /video-model/start   with ai-model-id and idempotency-key   {"operation":…}
/// POST /video-model/status  {"operation":…}   {"status":"pending"|"completed"|"error"|"cancelled"}
/// ```
/// The model stands in a header, the operation is the gateway's own and given back as it came.
/// Source: vercel/ai at ed857f50 (@ai-sdk/gateway 4.0.62), `gateway-video-model.ts`. The key exists
/// because a repeated start would bill twice (release notes of 4.0.44); how long it is remembered is
/// not documented. There is no progress figure and no cancel. The older form, one event stream for the
/// whole render, has no key and is not spoken.
struct VercelGateway: Provider {
  static let manifest = Manifest(
    id: "com.vercel.ai-gateway", name: "Vercel AI Gateway", version: "1.0.0",
    catalog: vercelGatewayCatalog)

  enum State: Codable {
    case submitting
    /// The operation as JSON text.
    case polling(operation: String)
  }

  /// As the official client polls.
  static let pace: UInt32 = 5000

  func begin(_ job: Job, _ context: Context) throws(Failure) -> Step<State> {
    .send(
      .post(
        context.baseURL + "/video-model/start", .paid,
        headers: common(job) + ["idempotency-key": context.idempotencyKey],
        json: try Start(job: job).body()), .submitting)
  }

  func received(_ response: Response, in state: State, _ job: Job, _ context: Context)
    throws(Failure) -> Step<State>
  {
    guard case .polling = state else {
      let answer = try response.answer(Self.startErrors, context)
      let operation = try answer["operation"].required(
        otherwise: "the gateway answered without a usable operation")
      let asyncJob = answer["providerMetadata"]["gateway"]["asyncJob"]
      let id = operation["gatewayJobId"].text ?? asyncJob["jobId"].text
      return .wait(Self.pace, .polling(operation: operation.written)).handle(id == "" ? nil : id)
    }
    let answer = try response.answer(Self.errors, context)
    switch try JobStatus(answer["status"], otherwise: "the gateway answered without a status") {
    case .working: return .wait(Self.pace, state)
    case .done:
      // By address, which is fetched without the key, or inside the answer.
      let videos = response.assets(
        at: "/videos", ["data", "url"], in: answer, mime: "video/mp4", context)
      let cost = answer["providerMetadata"]["gateway"]["cost"].microUSD
      return .succeed(try Output(fetchable: videos, costMicroUSD: cost))
    case let end:
      throw Failure(end, Words(answer["error"]), filter: Self.filterWords, provider: "the gateway")
    }
  }

  func resumed(in state: State, _ job: Job, _ context: Context) throws(Failure) -> Step<State> {
    guard case .polling(let operation) = state, let json = JSON(reading: Array(operation.utf8))
    else { throw Failure(.protocol, "there is no operation to ask for yet") }
    let request = Request.post(
      context.baseURL + "/video-model/status", .free, headers: common(job),
      json: ["operation": json])
    // A result may come inside the answer.
    return .send(request.liftingStrings(), state)
  }

  func adopted(_ handle: String, _ job: Job, _ context: Context) throws(Failure) -> Step<State> {
    guard !handle.isEmpty else { throw Failure(.invalid, "the gateway's job id is needed") }
    let operation: JSON = ["gatewayJobId": .string(handle)]
    return .wait(0, .polling(operation: operation.written)).handle(handle)
  }

  private func common(_ job: Job) -> Headers {
    [
      "authorization": bearer("api_key"), "ai-gateway-protocol-version": "0.0.1",
      "ai-gateway-auth-method": "api-key", "ai-video-model-specification-version": "4",
      "ai-model-id": job.model,
    ]
  }

  private static let filterWords = [
    "moderation", "safety", "policy", "guideline", "sensitive", "filtered",
  ]

  /// `{"error":{"message","type"?,"param"?,"code"?},"generationId"?}`; the status wins over the type.
  /// Source: vercel/ai, `create-gateway-error.ts`.
  private static let errors: [ErrorRule] = [
    ErrorRule(
      .exhausted, "the gateway's account has no credit left", status: [402, 403, 429],
      says: ["insufficient", "credit", "balance", "top up", "spend limit", "budget"]),
    ErrorRule(
      .refused, "a rule of the gateway's team forbids this", status: [403], member: "/param/ruleId"),
    ErrorRule(.refused, "content refused", status: [400, 422], says: filterWords),
    ErrorRule(.invalid, "the request is longer than the gateway's 300 KiB", status: [413]),
    // The maker behind it failed; whether it was billed is not said.
    ErrorRule(.unavailable, "the model's maker did not answer (424)", status: [424], wait: 0),
  ]
  /// On a poll 404 is about the job.
  private static let startErrors =
    errors + [ErrorRule(.invalid, "the gateway does not have this model", status: [404])]
}
