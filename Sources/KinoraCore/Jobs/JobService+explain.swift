public import KinoraModel

/// What a name of a model leads to, and why: the same steps as for a job, without making one.
public struct RouteAnswer: Sendable {
  /// One model that would be asked.
  public struct Candidate: Sendable {
    /// The model as the request or the route names it.
    public var name: String
    /// The model and the rule that found it.
    public var found: (entry: ModelIndex.Entry, rule: ModelIndex.Rule)
    /// Why routes leave it alone now, or nil.
    public var cooldown: Cooldowns.Entry?
    /// Why no job would be accepted for it, or nil.
    public var problem: KinoraError?
  }
  /// Who chose the name.
  public enum Source: String, Sendable, CaseIterable {
    case request
    /// The tenant's model slot.
    case tenant
    /// `defaults.model` of the configuration.
    case `default`
  }

  /// The name that was looked up.
  public var name: String
  /// Who chose it.
  public var source: Source
  /// The route that has this name, or nil.
  public var route: String?
  /// In the order in which they would be asked; never empty.
  public var candidates: [Candidate]
}

extension JobService {
  /// Explains what the submission's model means. Nothing is sent and nothing is kept. Throws what
  /// choosing a model for a job throws; of a route, when none of its models is there.
  public func explain(_ submission: Submission) throws(KinoraError) -> RouteAnswer {
    let policy = policy
    _ = try entry(for: submission)
    let name = try wish(submission, policy) ?? ""
    let source: RouteAnswer.Source =
      !submission.request.model.isEmpty
      ? .request : tenant(submission)?.model != nil ? .tenant : .default
    guard let models = policy.routes[name] else {
      let one = try candidate(name, submission, policy)
      return RouteAnswer(name: name, source: source, route: nil, candidates: [one])
    }
    var list: [RouteAnswer.Candidate] = []
    var problem: KinoraError?
    for model in models {
      do throws(KinoraError) {
        list.append(try candidate(model, submission, policy))
      } catch {
        problem = problem ?? error
      }
    }
    if list.isEmpty, let problem { throw problem }
    // Those that cannot are passed over; those that are left alone come when no other can.
    let ready = list.filter { $0.problem == nil }
    let order =
      ready.filter { $0.cooldown == nil } + ready.filter { $0.cooldown != nil }
      + list.filter { $0.problem != nil }
    return RouteAnswer(name: name, source: source, route: name, candidates: order)
  }

  private func candidate(
    _ name: String, _ submission: Submission, _ policy: Policy
  ) throws(KinoraError) -> RouteAnswer.Candidate {
    let found = try policy.index.match(name)
    var problem = policy.readiness(found.entry.settings.name)
    do throws(KinoraError) {
      try Resolver.checkRetired(
        found.entry.model, at: found.entry.settings.baseURL, now: parts.clock.now())
      try check(found.entry, submission, policy)
    } catch {
      problem = error
    }
    return RouteAnswer.Candidate(
      name: name, found: found, cooldown: cooldown(found.entry), problem: problem)
  }
}
