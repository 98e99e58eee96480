/// Finds what somebody probably meant.
public enum Spelling {
  /// The known words nearest to `word`, best first: within a third of its length in edits, or holding
  /// it as a part. None for a word of more than `longest` bytes: that is no slip of the pen, and to
  /// compare it costs its length for each of them.
  public static func nearest(_ word: String, in known: [String], most: Int = 1) -> [String] {
    guard word.utf8.count <= longest else { return [] }
    let lower = word.lowercased()
    let limit = max(2, word.count / 3)
    return Set(known)
      .map { candidate -> (word: String, rank: Int, edits: Int) in
        let other = candidate.lowercased()
        let edits = distance(Array(lower.utf8), Array(other.utf8))
        let isPart = lower.count >= 3 && other.contains(lower)
        return (candidate, isPart ? min(edits, 1) : edits, edits)
      }
      .filter { $0.rank <= limit }
      .sorted { ($0.rank, $0.edits, $0.word) < ($1.rank, $1.edits, $1.word) }
      .prefix(most)
      .map(\.word)
  }

  private static let longest = 100

  /// Edits (insert, delete, replace, swap of neighbours) from one word to the other.
  static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
    var before: [Int] = []
    var last = Array(0...b.count)
    for i in 1...a.count {
      var row = [i] + Array(repeating: 0, count: b.count)
      for j in 1...b.count {
        let cost = a[i - 1] == b[j - 1] ? 0 : 1
        row[j] = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + cost)
        if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
          row[j] = min(row[j], before[j - 2] + 1)
        }
      }
      (before, last) = (last, row)
    }
    return last[b.count]
  }
}
