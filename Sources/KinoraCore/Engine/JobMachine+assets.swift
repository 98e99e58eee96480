import KinoraModel

/// From the provider's success to files on disk.
extension JobMachine {
  /// Downloads of a wrong file before a paid result is given up; the last ones are a minute apart.
  static let assetTries = 12

  mutating func succeeded(_ result: [UInt8]) {
    let parsed = try? JSON.parse(result)
    var assets = (parsed?["assets"]?.array ?? []).map(PendingAsset.init(json:))
    for at in assets.indices {
      assets[at].spoolPath = job.spools.first { $0.ref == assets[at].spool }?.path
    }
    if let cost = parsed?["cost_microusd"]?.integer, cost >= 0 {
      job.record.providerCost = MicroUSD(cost)
    }
    if let handle = parsed?["handle"]?.string { job.record.resultHandle = handle }
    guard !assets.isEmpty, assets.allSatisfy({ $0.url != nil || $0.spool != nil }) else {
      return providerPromisedNothing()
    }
    guard assets.allSatisfy({ $0.spool == nil || $0.spoolPath != nil }) else {
      return hold(.pluginFault, "the plugin names a file as result that the answer did not bring")
    }
    job.record.note = nil
    if assets.contains(where: { $0.spool != nil }) {
      // The bytes are in a file of this process: they are stored first, then told.
      job.unstored = assets
      effects.append(.fetch(assets[job.record.artifacts.count % assets.count]))
      return
    }
    if state == .submitting || state == .submitUnknown { accepted() }
    job.record.assets = assets
    job.record.progressPermille = 1000
    move(to: .ready)
    fetchNext()
  }

  private mutating func providerPromisedNothing() {
    endUnsuccessful()
    close(
      .failed,
      JobFailure(.providerProtocol, "the provider ended the job as done and named no result"))
  }

  mutating func fetchNext() {
    guard job.record.artifacts.count < job.record.assets.count else { return complete() }
    move(to: .fetching)
    effects.append(.fetch(job.record.assets[job.record.artifacts.count]))
  }

  mutating func stored(_ artifact: Artifact) {
    let wanted = job.unstored.isEmpty ? job.record.assets : job.unstored
    guard job.record.artifacts.count < wanted.count else { return }
    job.record.artifacts.append(artifact)
    job.assetTries = 0
    guard job.record.artifacts.count == wanted.count else {
      effects.append(.fetch(wanted[job.record.artifacts.count]))
      return
    }
    complete()
  }

  private mutating func complete() {
    if !job.unstored.isEmpty {
      job.unstored = []
      if state == .submitting || state == .submitUnknown { accepted() }
      move(to: .ready)
    }
    if state == .ready { move(to: .fetching) }
    job.record.progressPermille = 1000
    job.record.failure = nil
    job.record.assets = []
    job.record.tailUntil = nil
    settle(Pricing.settlement(job.record))
    close(.completed, nil)
  }

  mutating func assetFailed(_ error: KinoraError) {
    if error.code == .storageFull {
      delayed("no space to store the result: \(error.message)")
      effects.append(.wake(after: 30_000))
      return
    }
    job.assetTries += 1
    let lifeEnds =
      (job.record.submittedAt ?? job.record.createdAt) + Milliseconds(terms.assetLifeSeconds) * 1000
    let isSpool = !job.unstored.isEmpty
    // A file that cannot be reached now may be reached later; one that came and is wrong stays wrong.
    let isWrong = error.code == .assetUnusable || error.code == .badMedia
    guard !isSpool, now < lifeEnds, !isWrong || job.assetTries < Self.assetTries else {
      job.unstored = []
      if state == .submitting { accepted() }
      settle(Pricing.settlement(job.record), unconfirmed: job.record.providerCost == nil)
      let message = "the provider finished the job, but its result cannot be used: \(error.message)"
      return close(.failed, JobFailure(.assetUnusable, message))
    }
    delayed("the result could not be stored yet: \(error.message)")
    if job.assetTries % 3 == 0, job.record.transports["poll"] != nil {
      // A fresh look at the job usually brings a fresh address. What came with the answer to the
      // submit cannot be asked for again: its address is all there is.
      job.record.assets = []
      job.record.artifacts = []
      move(to: .running)
      effects.append(.wake(after: pacing.wait(wish: 5000, jitter: jitter)))
    } else {
      let wish: Milliseconds = job.assetTries < 4 ? 5000 : 60_000
      effects.append(.wake(after: pacing.wait(wish: wish, jitter: jitter)))
    }
  }
}

extension PendingAsset {
  /// From the ABI's result: `{"url","headers"}` or `{"spool","encoding","mime"}`.
  init(json: JSON) {
    self.init()
    url = json["url"]?.string
    for member in json["headers"]?.members ?? [] { fields[member.key] = member.value.string }
    spool = json["spool"]?.string
    encoding = json["encoding"]?.string
    mime = json["mime"]?.string
  }
}
