import KinoraModel

/// Routes: an ordered list of models under one name. The first that can make the job is asked, the
/// others are what it goes on to.
extension JobService {
  /// Throws the first model's error when none can make it, with every reason in its message.
  func quote(
    _ submission: Submission, route name: String, _ models: [String], _ policy: Policy
  ) throws(KinoraError) -> QuoteAnswer {
    let now = parts.clock.now()
    var able: [QuoteAnswer] = []
    var cooling: [QuoteAnswer] = []
    var problems: [KinoraError] = []
    for model in models {
      do throws(KinoraError) {
        let answer = try quote(submission, try policy.index.resolve(model), policy)
        let isCooling = parts.cooldowns.entry(answer.entry.id, now: now) != nil
        if isCooling { cooling.append(answer) } else { able.append(answer) }
      } catch {
        var named = error
        named.message = "\(model): \(error.message)"
        problems.append(named)
      }
    }
    // Left alone is not shut out: when no other can, they are asked all the same.
    let order = able + cooling
    guard var answer = order.first else {
      guard let first = problems.first else {
        throw KinoraError(.modelUnknown, "the route \(name.quoted) is empty", field: "model")
      }
      throw KinoraError(
        first.code,
        "no model of the route \(name.quoted) can make this: "
          + problems.map(\.message).joined(separator: "; "), field: first.field,
        allowed: first.allowed, retryAfter: first.retryAfter)
    }
    answer.route = name
    answer.choices = order.dropFirst().map { choice in
      RouteChoice(
        provider: choice.entry.settings.name, plugin: choice.entry.settings.plugin,
        model: choice.entry.model.id, request: choice.resolved.request, kind: choice.resolved.kind,
        asked: choice.resolved.asked, terms: choice.entry.model.terms, quote: choice.quote)
    }
    return answer
  }

  /// Why a model is left alone by routes now, or nil.
  public func cooldown(_ entry: ModelIndex.Entry) -> Cooldowns.Entry? {
    parts.cooldowns.entry(entry.id, now: parts.clock.now())
  }
}
