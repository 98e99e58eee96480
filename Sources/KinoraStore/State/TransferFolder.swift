import Glibc
public import KinoraModel

/// Where Foundation's client writes downloads until they are whole: the daemon's `$TMPDIR`.
///
/// It leaves its file behind when a download fails or is cancelled, and a crash leaves all of them.
public enum TransferFolder {
  /// How long nothing was written to a file that nobody writes any more.
  public static let life: Milliseconds = 3_600_000

  /// Makes the folder, without what an earlier process left there. Before the first download.
  /// - Returns: its path.
  public static func prepare(in state: StateDirectory) throws(KinoraError) -> String {
    let path = path(in: state)
    try Folder.make(path)
    for name in Folder.names(in: path) { Folder.remove("\(path)/\(name)") }
    return path
  }

  /// Removes files that were last written more than `life` before `now` (wall time).
  /// - Returns: how many.
  public static func sweep(in state: StateDirectory, now: Milliseconds) -> Int {
    let path = path(in: state)
    var removed = 0
    for name in Folder.names(in: path) {
      var facts = stat()
      let file = "\(path)/\(name)"
      guard lstat(file, &facts) == 0, Milliseconds(facts.st_mtim.tv_sec) * 1000 < now - life,
        unlink(file) == 0
      else { continue }
      removed += 1
    }
    return removed
  }

  private static func path(in state: StateDirectory) -> String { state.path + "/tmp" }
}
