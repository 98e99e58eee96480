/// Where a job stands. The words are stored and shown; they are never renamed.
public enum JobState: String, Sendable, Codable, CaseIterable {
  /// Planned, not paid for, waits for a person.
  case draft
  /// Accepted and reserved; waits for its turn, or for a backoff to pass.
  case queued
  /// The permit is on disk; the paid request may be on the wire.
  case submitting
  /// The provider took it.
  case submitted
  /// The provider works on it.
  case running
  /// The provider is done and named its result.
  case ready
  /// The result is being downloaded.
  case fetching
  /// Every artifact is on disk.
  case completed
  /// It ended without a result.
  case failed
  /// The client cancelled it.
  case cancelled
  /// It passed its deadline.
  case expired
  /// The paid request may have been taken; nobody knows yet.
  case submitUnknown = "submit_unknown"
  /// Needs a person: it may have been charged, or cannot be polled any more.
  case held
}

extension JobState {
  /// States that a job can go to from this one. Everything else is a bug.
  public var successors: Set<JobState> {
    switch self {
    case .draft: [.queued, .cancelled]
    // `ready` without a submit is for providers that cost nothing at all.
    case .queued: [.submitting, .ready, .failed, .cancelled, .expired, .held, .submitUnknown]
    case .submitting:
      [.queued, .submitted, .running, .ready, .failed, .cancelled, .submitUnknown, .held]
    case .submitted: [.running, .ready, .failed, .cancelled, .expired, .held]
    case .running: [.submitted, .ready, .failed, .cancelled, .expired, .held]
    case .ready: [.fetching, .failed, .held, .running, .expired, .cancelled]
    case .fetching: [.ready, .completed, .failed, .held, .running, .expired, .cancelled]
    case .completed: []
    case .failed: []
    // A late success is still fetched (expired) or only settled (cancelled): their tails.
    case .cancelled: []
    case .expired: [.ready, .failed]
    case .submitUnknown: [.submitted, .queued, .held, .failed, .ready, .running, .cancelled]
    case .held: [.submitted, .running, .queued, .failed]
    }
  }

  /// True where nothing more will happen by itself, tails aside.
  public var isTerminal: Bool {
    switch self {
    case .completed, .failed, .cancelled, .expired: true
    default: false
    }
  }

  /// True where the outward face says that it is over: the terminal states and `held`.
  public var isOutwardlyOver: Bool { isTerminal || self == .held }

  /// The word of the OpenAI Videos dialect: queued, in_progress, completed, failed.
  public var outward: String {
    switch self {
    case .draft, .queued: "queued"
    case .completed: "completed"
    case .failed, .cancelled, .expired, .held: "failed"
    default: "in_progress"
    }
  }

  /// True while the job holds one of its provider's and its client's places. `submit_unknown` does
  /// so for at most `Limits.unknownHoldsPlace`, which the engine counts.
  public var holdsPlace: Bool {
    switch self {
    case .submitting, .submitted, .running, .submitUnknown: true
    default: false
    }
  }
}
