import KinoraModel

/// What becomes of a finished result, for the tenant's quota. The job's state does not change any more.
extension JobMachine {
  /// The files are there. One that the tenant cannot take is kept and not counted.
  mutating func awaitDelivery() {
    guard job.record.request.tenant != nil else { return }
    let most = job.record.tenantTerms?.maxOutputBytes ?? .max
    let isTooLarge = job.record.artifacts.contains { $0.bytes > most }
    job.record.delivery = Delivery(isTooLarge ? .tooLarge : .pending, at: now)
    if isTooLarge { quota = .release }
  }

  mutating func delivered() {
    guard state == .completed, job.record.delivery?.isOpen == true else { return }
    job.record.delivery = Delivery(.delivered, at: now)
    quota = .count(at: now)
  }

  mutating func undelivered() {
    guard state == .completed, job.record.delivery?.status == .pending else { return }
    job.record.delivery = Delivery(.released, at: now)
    quota = .release
  }
}
