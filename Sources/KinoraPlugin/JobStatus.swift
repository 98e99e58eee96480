/// How a job stands, by its provider's word for it: each has its own, and some have two.
public enum JobStatus: Sendable, Equatable {
  /// Still at work, or a word that is not known: that is no end, so the job is asked for again.
  case working
  /// There is a result, or the provider says so.
  case done
  /// It ended without one.
  case failed, filtered, cancelled, expired

  /// Reads a status whatever its case.
  public init(_ word: String) {
    self =
      switch word.lowercased() {
      case "completed", "succeeded", "succeed", "success", "done": .done
      case "failed", "failure", "fail", "error": .failed
      case "filtered": .filtered
      case "cancelled", "canceled": .cancelled
      case "expired": .expired
      default: .working
      }
  }

  /// Reads the status of an answer; where there is none, the job is at work.
  public init(_ status: JSON) { self.init(status.string ?? "") }

  /// Reads the status of an answer that must have one; throws `protocol` with `otherwise` where there is
  /// none.
  public init(_ status: JSON, otherwise message: String) throws(Failure) {
    guard let word = status.string else { throw Failure(.protocol, message) }
    self.init(word)
  }
}

extension Failure {
  /// The end of a job that has no result: the provider's words for a failed one, `content refused`
  /// before them where one of `filter` is in them. `provider` and `job` are what they are called here.
  public init(
    _ end: JobStatus, _ words: Words, filter: [String] = [], provider: String = "the provider",
    job: String = "job"
  ) {
    let message =
      switch end {
      case .cancelled: "\(provider) cancelled the \(job)"
      case .expired: "the \(job) expired at \(provider)"
      case .filtered: words.or("\(provider)'s filter refused the content")
      case .failed where words.say(filter): "content refused\(words.said)"
      case .failed, .done, .working:
        words.or("\(provider) failed the \(job) without a reason")
      }
    self.init(.refused, message)
  }
}
