/// What waits for the writer, and which of it goes into the next batch.
///
/// Members of one lane (a client) keep their order. A lane that waits with much gets at most a
/// quarter of a batch while others wait. A member without a lane keeps its place against all.
package struct CommitQueue<Member> {
  private struct Entry {
    let lane: String?
    let member: Member
  }

  private var waiting: [Entry] = []
  private let most: Int

  /// An empty queue whose batches hold at most `most` members.
  package init(most: Int) { self.most = most }

  /// True when nothing waits.
  package var isEmpty: Bool { waiting.isEmpty }

  /// Puts a member at the end.
  package mutating func append(_ member: Member, lane: String?) {
    waiting.append(Entry(lane: lane, member: member))
  }

  /// The next batch, in the order of arrival; empty when nothing waits.
  package mutating func next() -> [Member] {
    let window = waiting.firstIndex { $0.lane == nil } ?? waiting.count
    if window == 0 {
      let run = waiting.prefix { $0.lane == nil }.prefix(most).count
      return take(waiting.indices.prefix(run).map { $0 })
    }
    if window <= most { return take(Array(0..<window)) }
    return take(choice(among: window))
  }

  // First a quarter for each lane, then what room is left, in the order of arrival.
  private func choice(among window: Int) -> [Int] {
    var chosen: [Int] = []
    var passed: [Int] = []
    var share: [String: Int] = [:]
    for i in 0..<window {
      if chosen.count == most { return chosen }
      let lane = waiting[i].lane ?? ""
      let used = share[lane, default: 0]
      if used < max(1, most / 4) {
        share[lane] = used + 1
        chosen.append(i)
      } else {
        passed.append(i)
      }
    }
    return (chosen + passed.prefix(most - chosen.count)).sorted()
  }

  private mutating func take(_ indices: [Int]) -> [Member] {
    let batch = indices.map { waiting[$0].member }
    if indices.count == waiting.count {
      waiting.removeAll(keepingCapacity: true)
    } else if let last = indices.last, last == indices.count - 1 {
      waiting.removeFirst(indices.count)
    } else {
      var kept: [Entry] = []
      kept.reserveCapacity(waiting.count - indices.count)
      var next = 0
      for i in waiting.indices {
        if next < indices.count, indices[next] == i {
          next += 1
        } else {
          kept.append(waiting[i])
        }
      }
      waiting = kept
    }
    return batch
  }
}
