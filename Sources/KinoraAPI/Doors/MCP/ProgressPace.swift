import KinoraModel
import Synchronization

/// When progress is told: at each change, and every five seconds. `progress` must grow with every
/// notification and a provider's percentage does not, so it counts the seconds of waiting; what the
/// provider said is in the words.
final class ProgressPace: Sendable {
  private struct State {
    var words = ""
    var told: Milliseconds = -1
  }
  private static let interval: Milliseconds = 5000
  private let token: JSON?
  private let state = Mutex(State())

  init(token: JSON?) { self.token = token }

  func event(_ record: JobRecord, after time: Milliseconds) -> JSON? {
    guard let token, !record.state.isOutwardlyOver else { return nil }
    let words = ToolWords.progress(record)
    let isDue = state.withLock { state -> Bool in
      let isNew = words != state.words || time - state.told >= Self.interval
      guard isNew, time > state.told else { return false }
      state = State(words: words, told: time)
      return true
    }
    guard isDue else { return nil }
    return [
      "jsonrpc": "2.0", "method": "notifications/progress",
      "params": [
        "progressToken": token, "progress": .number(Double(time) / 1000),
        "message": .string(words),
      ],
    ]
  }
}
