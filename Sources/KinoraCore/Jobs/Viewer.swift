public import KinoraModel

/// Who asks: the principal that authenticated, and the client it acts for.
public struct Viewer: Sendable, Equatable {
  /// `uid:1000` or `key:abc`.
  public var principal: String
  /// The client: what owns jobs, keys and budgets.
  public var client: String
  /// Sees and manages everything: uid 0 and the daemon's own uid.
  public var isAdmin: Bool
  /// What it may do; all of it for an administrator that no client's rules bind.
  public var scopes: Set<ClientScope>

  /// A viewer that may submit and read, and everything as an administrator.
  public init(principal: String, client: String, isAdmin: Bool) {
    self.principal = principal
    self.client = client
    self.isAdmin = isAdmin
    scopes = isAdmin ? Self.all : Self.usual
  }
  private static let all = Set(ClientScope.allCases)
  private static let usual: Set<ClientScope> = [.submit, .read]

  /// Throws `forbidden`, naming the scope that is missing and where it is given.
  public func need(_ scope: ClientScope) throws(KinoraError) {
    if scopes.contains(scope) { return }
    let has = ClientScope.allCases.filter(scopes.contains).map(\.rawValue)
    throw KinoraError(
      .forbidden,
      "\(client) may not \(scope.rawValue): add \(scope.rawValue) to clients.\(client).scopes "
        + "(now \(has.joined(separator: ", ")))")
  }

  /// True for own jobs and for admins.
  public func sees(_ record: JobRecord) -> Bool { isAdmin || record.client == client }
}

/// What a front door made of a request for a new job.
public struct Submission: Sendable {
  /// What to make.
  public var request: GenerationRequest
  /// Who asks.
  public var viewer: Viewer
  /// The door's row in the table of defaults.
  public var door: String
  /// Models in the order in which they are to be asked, as a route has them; empty where the request
  /// names one, or none.
  public var models: [String] = []
  /// The idempotency key, or nil.
  public var key: String?
  /// The client says that it has sent this before (`x-stainless-retry-count` ≥ 1).
  public var isMarkedRepeat: Bool = false
  /// The answer leaves when the job is over and not before. A job of this door that was still open
  /// when the process started was therefore never answered, and an equal request attaches to it.
  public var answersAtEnd: Bool = false
  /// The connection the request came on.
  public var connection: UInt64 = 0

  /// A submission.
  public init(request: GenerationRequest, viewer: Viewer, door: String, key: String?) {
    self.request = request
    self.viewer = viewer
    self.door = door
    self.key = key
  }
}

/// What became of a submission.
public struct Accepted: Sendable {
  /// The job.
  public var record: JobRecord
  /// The same key with the same fields had made it before.
  public var isReplay: Bool = false
  /// A repeat without key was attached to it.
  public var isAttached: Bool = false
}

/// What a request would become and cost.
public struct QuoteAnswer: Sendable {
  /// The model.
  public var entry: ModelIndex.Entry
  /// The request as it would be made.
  public var resolved: ResolvedRequest
  /// The price.
  public var quote: Quote
  /// The route that chose the model, or nil.
  public var route: String?
  /// The models that the route has left.
  public var choices: [RouteChoice] = []
}
