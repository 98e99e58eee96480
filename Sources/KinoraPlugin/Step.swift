/// What a provider wants next: one verdict, and what else it learned.
public struct Step<State: Sendable>: Sendable {
  enum Verdict: Sendable {
    case send(Request, State)
    case wait(UInt32, State)
    case succeed(Output)
  }
  let verdict: Verdict
  var handle: String?
  package var permille: UInt32?
  var note: String?

  /// Send `request`; its answer comes to `received` with `state`.
  public static func send(_ request: Request, _ state: State) -> Self {
    Self(verdict: .send(request, state))
  }

  /// Come back to `resumed` with `state` after so many milliseconds.
  public static func wait(_ milliseconds: UInt32, _ state: State) -> Self {
    Self(verdict: .wait(milliseconds, state))
  }

  /// The job is done; the host fetches the assets.
  public static func succeed(_ output: Output) -> Self { Self(verdict: .succeed(output)) }

  /// Adds the provider's own id of the job, as soon as it is known. Stored apart from the state.
  public func handle(_ id: String?) -> Self {
    var step = self
    step.handle = id
    return step
  }

  /// Adds the provider's own figure, 0…1000, and its words. Never an invented one: nil where the
  /// provider says nothing.
  public func progress(permille: Int?, note: String? = nil) -> Self {
    var step = self
    step.permille = permille.map { UInt32(min(max($0, 0), 1000)) }
    step.note = note
    return step
  }

  /// The same of a provider that says percent.
  public func progress(percent: Double?) -> Self {
    progress(permille: percent.map { Int(min(max($0, 0), 100) * 10) })
  }
}

/// The result of a job.
public struct Output: Sendable, Equatable {
  /// What the host fetches, in the provider's order.
  public var assets: [Asset]
  /// What the provider says it charged, in millionths of a US dollar.
  public var costMicroUSD: Int64?
  /// The provider's handle of the result, for extend and remix.
  public var handle: String?

  /// A result.
  public init(_ assets: Asset..., costMicroUSD: Int64? = nil, handle: String? = nil) {
    self.init(assets: assets, costMicroUSD: costMicroUSD, handle: handle)
  }

  /// A result of a list of assets.
  public init(assets: [Asset], costMicroUSD: Int64? = nil, handle: String? = nil) {
    self.assets = assets
    self.costMicroUSD = costMicroUSD
    self.handle = handle
  }

  /// The result of a job that the provider calls done. Throws `refused` with `otherwise` when it names
  /// nothing that could be fetched: asking again would not help.
  public init(
    fetchable assets: [Asset], costMicroUSD: Int64? = nil, handle: String? = nil,
    otherwise message: String = "the job is done and names no video that can be fetched"
  ) throws(Failure) {
    guard !assets.isEmpty else { throw Failure(.refused, message) }
    self.init(assets: assets, costMicroUSD: costMicroUSD, handle: handle)
  }

  var json: JSON {
    var json: JSON = ["assets": .array(assets.map(\.json))]
    json["cost_microusd"] = JSON(costMicroUSD)
    json["handle"] = JSON(handle)
    return json
  }
}

/// One file of a result.
public enum Asset: Sendable, Equatable {
  /// The host downloads it. Header values may hold credential placeholders, which are filled only
  /// where the URL is of the provider's own origin. `mime` is needed only for what is not the job's own
  /// medium, such as a picture beside a clip.
  case url(String, headers: Headers = [:], mime: String? = nil)
  /// Something of the last answer that the host put into a file: ``Response/asset(at:mime:)``.
  case spool(String, isBase64: Bool, mime: String)

  var json: JSON {
    switch self {
    case .url(let url, let headers, let mime):
      var json: JSON = ["url": .string(url)]
      if !headers.fields.isEmpty {
        json["headers"] = .object(headers.fields.map { JSON.Member($0.name, .string($0.value)) })
      }
      json["mime"] = JSON(mime)
      return json
    case .spool(let ref, let isBase64, let mime):
      return [
        "spool": .string(ref), "encoding": isBase64 ? "base64" : "raw", "mime": .string(mime),
      ]
    }
  }
}
