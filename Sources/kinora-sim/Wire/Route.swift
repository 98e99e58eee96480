import KinoraHTTP

/// What a request means to its provider, before it is done: a fault may come first.
struct Route: Sendable {
  /// Which job it is about, for faults that look at prompt or model.
  struct Subject: Sendable {
    var prompt = ""
    /// As it was sent, with its markers.
    var model = ""
    /// What tells one job from another before it has an id: tag, key or prompt; later the id.
    var identity = ""
  }

  var phase: Phase
  var subject = Subject()
  /// The job, where there is one.
  var job: String?
  /// A finished file is sent in chunks, without length and ranges.
  var isChunked = false
  /// Does the work. A twist, if any, is for the provider to play.
  var perform: @Sendable (_ twist: Fault?) async -> HTTPResponse

  /// A request about a job.
  static func about(
    _ job: Job, _ phase: Phase, perform: @escaping @Sendable (Fault?) async -> HTTPResponse
  ) -> Route {
    Route(
      phase: phase, subject: Subject(prompt: job.prompt, model: job.model, identity: job.id),
      job: job.id, perform: perform)
  }

  /// A request with one answer.
  static func plain(_ response: HTTPResponse, _ phase: Phase = .other) -> Route {
    Route(phase: phase) { _ in response }
  }
}
