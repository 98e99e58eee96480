import KinoraModel

/// How jobs are shown while somebody waits: on a terminal one line that is drawn again, elsewhere a
/// line a change. A percentage is the provider's; a guess from earlier jobs is marked as one, and drawn
/// on a terminal only.
final class JobDisplay {
  private let isRedrawn: Bool
  private let isQuiet: Bool
  private var job: Job?
  private var lastLines: [String: String] = [:]
  private var drawn = ""
  private var drawnAt: Milliseconds = 0

  /// - Parameter isOne: one job, which may have a line that is drawn again.
  init(isOne: Bool, isQuiet: Bool = false) {
    isRedrawn = isOne && Console.errorIsTerminal
    self.isQuiet = isQuiet
  }

  /// News of a job.
  func show(_ job: Job) {
    self.job = job
    if isQuiet || isRedrawn { return }
    let facts = Self.facts(job).joined(separator: ", ")
    guard lastLines[job.id] != facts else { return }
    lastLines[job.id] = facts
    Console.error("\(job.id) \(facts), \(Words.duration(job.seconds(now: Now.wall)))")
  }

  /// Something else to tell.
  func say(_ text: String) {
    clear()
    Console.error(text)
  }

  /// Draws the line again, at most five times a second.
  func tick() {
    guard let job else { return }
    let guess =
      job.estimate(now: Now.wall).map { ["about \($0.permille / 10) % (estimated)"] } ?? []
    let facts = Self.facts(job) + guess + [Words.duration(job.seconds(now: Now.wall))]
    draw(facts.joined(separator: "  "))
  }

  /// Draws how far a download is.
  func download(_ got: Int64, _ total: Int64?) {
    let whole = total.map { " of \(Words.bytes($0))" } ?? ""
    draw("downloading  \(Words.bytes(got))\(whole)")
  }

  /// Takes the line away.
  func clear() {
    if !drawn.isEmpty { Console.raw("\r\u{1b}[K") }
    drawn = ""
  }

  private func draw(_ text: String) {
    guard isRedrawn, !isQuiet, Now.steady - drawnAt >= 200 else { return }
    let line = Words.start(Words.line(text), Console.columns(2) - 1)
    drawnAt = Now.steady
    guard line != drawn else { return }
    drawn = line
    Console.raw("\r\(line)\u{1b}[K")
  }

  private static func facts(_ job: Job) -> [String] {
    var facts = [job.state.replacing("_", with: " ")]
    if let percent = job.percent { facts.append("\(percent) %") }
    if let note = job.note { facts.append(note) }
    return facts
  }
}
