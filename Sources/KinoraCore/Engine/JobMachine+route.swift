import KinoraModel

/// Going on to the next model of a route. Only with proof that nothing was bought: what is unknown stays
/// where it is.
extension JobMachine {
  /// True when the route had another model and the job waits for that one's turn now. The money needs
  /// no move: the dearest of the route's models was reserved with the job.
  mutating func reroute(_ why: String) -> Bool {
    let left = "\(job.record.provider)/\(job.record.model)"
    let wasSubmitting = state == .submitting
    guard job.record.cancelRequestedAt == nil, !job.hasPaid, job.record.takeNextChoice() else {
      return false
    }
    let next = "\(job.record.provider)/\(job.record.model)"
    note("rerouted", ["from": .string(left), "to": .string(next), "why": .string(why)])
    effects.append(.cool(model: left, why: why))
    job.record.refusals = 0
    job.record.handle = nil
    job.strikes = 0
    delayed("\(left) did not take it (\(why)); \(next) is asked")
    job.record.pluginState = []
    requeue(nextAttempt: wasSubmitting, after: 0)
    return true
  }
}
