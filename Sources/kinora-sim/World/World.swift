import Glibc
import KinoraLoop
import KinoraModel

/// What all providers share: clock, jobs, media, faults, ids.
final class World: Sendable {
  let options: Options
  let journal: Journal
  let jobs: JobBook
  let faults: FaultBook
  let uploads: Uploads
  let studio: Studio
  let dice: Dice
  let accounts: GoogleAccounts
  private let mediaFolder: String

  init(options: Options, loop: EventLoop, search: String) throws(Trouble) {
    self.options = options
    mediaFolder = "\(options.directory)/media"
    guard Files.makeFolder(mediaFolder) else { throw Trouble("cannot make \(mediaFolder)", errno) }
    journal = try Journal(directory: options.directory)
    let past = journal.lines(.jobs).compactMap { try? JSON.parse(Array($0)) }
    jobs = JobBook(journal: journal, past: past)
    faults = FaultBook(journal: journal, past: past)
    uploads = Uploads(journal: journal, past: past)
    studio = Studio(loop: loop, folder: mediaFolder, search: search)
    dice = Dice(seed: options.seed)
    dice.skip(jobs.count)
    accounts = GoogleAccounts(folder: options.directory)
  }

  /// How far a job is at this moment.
  func stage(_ job: Job) -> Stage {
    let elapsed = Double(now() - job.created) * options.timeScale
    return Stage(job, elapsed: elapsed, reel: studio.order(job.shape))
  }

  /// Waits for the end of a job, as the synchronous calls of some providers do.
  func end(of job: Job) async -> Stage {
    while true {
      let stage = self.stage(jobs[job.id] ?? job)
      if stage.isFinal { return stage }
      try? await Task.sleep(for: .milliseconds(10))
    }
  }

  /// Takes a job in, with what its prompt asks for, and starts its render. Returns once it is on
  /// disk.
  func create(_ draft: Job, route: Route.Subject) async -> (job: Job, isNew: Bool) {
    var job = draft
    job.outcomes += faults.outcomes(of: route, provider: job.provider)
    if let seconds = Marker.number("render", in: job.prompt) { job.render = seconds * 1000 }
    if let bytes = Marker.number("pad", in: job.prompt) { job.padding = bytes }
    let (made, isNew, ticket) = jobs.create(job)
    studio.order(made.shape)
    await journal.durable(ticket)
    return (made, isNew)
  }

  /// The finished file of a job, counted as a download; nil when it cannot be made.
  func asset(_ job: Job) async -> Asset? {
    guard let path = await studio.file(job.shape) else { return nil }
    guard let asset = Asset(job: job, rendered: path, folder: mediaFolder) else { return nil }
    if let ticket = jobs.downloaded(job.id) { await journal.durable(ticket) }
    return asset
  }

  /// The finished file of a job as bytes, for answers that carry it inline.
  func bytes(_ job: Job) async -> [UInt8]? {
    guard let asset = await asset(job) else { return nil }
    defer { close(asset.descriptor) }
    return Files.bytes(asset.descriptor, at: 0, count: Int(asset.length))
  }
}
