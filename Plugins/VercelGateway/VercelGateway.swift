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
  /// A state has 64 KiB; an operation is an id and little else.
  private static let longestOperation = 32 * 1024

  func begin(_ job: Job, _ context: Context) throws(Failure) -> Step<State> {
    var headers = common(job)
    headers.add("idempotency-key", context.idempotencyKey)
    let request = Request.post(
      context.baseURL + "/video-model/start", .paid, headers: headers, json: try submission(job))
    return .send(request, .submitting)
  }

  func received(_ response: Response, in state: State, _ job: Job, _ context: Context)
    throws(Failure) -> Step<State>
  {
    guard response.isSuccess else {
      if case .polling = state { throw refusal(response, isPoll: true, context) }
      throw refusal(response, isPoll: false, context)
    }
    let answer = try response.json()
    switch state {
    case .submitting:
      let operation = String(decoding: answer["operation"].bytes, as: UTF8.self)
      guard !answer["operation"].isNull, operation.utf8.count <= Self.longestOperation else {
        throw Failure(.protocol, "the gateway answered without a usable operation")
      }
      let gateway = answer["providerMetadata"]["gateway"]
      let id = answer["operation"]["gatewayJobId"].text ?? gateway["asyncJob"]["jobId"].text
      return .wait(Self.pace, .polling(operation: operation)).handle(id == "" ? nil : id)
    case .polling: return try follow(answer, response, state, context)
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
    return .wait(0, .polling(operation: String(decoding: operation.bytes, as: UTF8.self)))
      .handle(handle)
  }

  private func common(_ job: Job) -> Headers {
    [
      "authorization": bearer("api_key"), "ai-gateway-protocol-version": "0.0.1",
      "ai-gateway-auth-method": "api-key", "ai-video-model-specification-version": "4",
      "ai-model-id": job.model,
    ]
  }

  private func follow(
    _ answer: JSON, _ response: Response, _ state: State, _ context: Context
  ) throws(Failure) -> Step<State> {
    guard let status = answer["status"].string?.lowercased() else {
      throw Failure(.protocol, "the gateway answered without a status")
    }
    switch status {
    case "completed", "succeeded", "success":
      return .succeed(try output(answer, response, context))
    case "error", "failed", "failure":
      let words = Failure.cleaned(
        answer["error"].string ?? answer["error"]["message"].string ?? "")
      guard !words.isEmpty else {
        throw Failure(.refused, "the gateway failed the job without a reason")
      }
      throw Failure(.refused, Self.isFilter(words) ? "content refused: \(words)" : words)
    case "cancelled", "canceled": throw Failure(.refused, "the gateway cancelled the job")
    case "expired": throw Failure(.refused, "the job expired at the gateway")
    default:
      // pending; a word that is not known is no end.
      return .wait(Self.pace, state)
    }
  }

  /// Videos by address, which are fetched without the key, or inside the answer.
  private func output(_ answer: JSON, _ response: Response, _ context: Context)
    throws(Failure) -> Output
  {
    var assets: [Asset] = []
    for (at, video) in answer["videos"].array.enumerated() {
      let mime = video["mediaType"].string ?? "video/mp4"
      let place = video["type"].string == "base64" ? "data" : "url"
      // A `data:` address is as long as its bytes and comes lifted as well.
      if place == "url", let url = video["url"].string, !url.isEmpty, !url.hasPrefix("data:") {
        if isPlain(url, context) { assets.append(.url(url)) }
      } else if let asset = response.asset(at: "/videos/\(at)/\(place)", in: answer, mime: mime) {
        assets.append(asset)
      }
    }
    guard !assets.isEmpty else {
      throw Failure(.refused, "the job is done and names no video that can be fetched")
    }
    return Output(
      assets: assets, costMicroUSD: answer["providerMetadata"]["gateway"]["cost"].microUSD)
  }

  private func isPlain(_ url: String, _ context: Context) -> Bool {
    // Scheme, nothing, authority.
    let origin = context.baseURL.split(
      separator: "/", maxSplits: 3, omittingEmptySubsequences: false
    ).prefix(3).joined(separator: "/")
    return url.utf8.allSatisfy { (0x21...0x7e).contains($0) && $0 != 0x22 && $0 != 0x5c }
      && (url.hasPrefix("https://") || url.hasPrefix(origin + "/"))
  }

  static func isFilter(_ words: String) -> Bool {
    let lower = words.lowercased()
    return ["moderation", "safety", "policy", "guideline", "sensitive", "filtered"].contains {
      lower.contains($0)
    }
  }
}
