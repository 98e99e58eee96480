import Glibc
import KinoraModel
import KinoraPluginHost
import Synchronization

extension Check {
  /// What must not be able to hurt it.
  static let robustness: [Check] = [
    Check(
      name: "unknown", demand: "an event of a newer host is called unsupported"
    ) { (subject) throws(KinoraError) in
      let plugin = try subject.plugin()
      for event in Battery.begins(plugin) {
        for kind: UInt32 in [0, 9, 99, .max] {
          let text = try step(plugin, event, odd: OddStructs(kind: kind))
          guard text == PluginStep(verdict: .unsupported).json.text else {
            throw wrong("kind \(kind) got \(text)")
          }
        }
      }
      return "4 kinds"
    },
    Check(
      name: "short", demand: "nothing is read past the size that a struct says it has"
    ) { (subject) throws(KinoraError) in
      let plugin = try subject.plugin()
      var calls = 0
      for event in sample(plugin) {
        for size in stride(from: 16, through: OddStructs.sizes.event, by: 8) {
          _ = try step(plugin, event, odd: OddStructs(event: size))
          calls += 1
        }
        for size in stride(from: 8, through: OddStructs.sizes.response, by: 8) {
          _ = try step(plugin, event, odd: OddStructs(response: size))
          calls += 1
        }
        // The four verdicts have been there from the start; `handle` came last.
        _ = try step(plugin, event, odd: OddStructs(out: OddStructs.sizes.out - 8))
      }
      return "\(calls) calls against a guard page"
    },
    Check(
      name: "host", demand: "the entry reads no more of a host's table than that says it has"
    ) { (subject) throws(KinoraError) in
      for bytes in [16, 24, 32, 96] {
        do throws(PluginFile.Refusal) {
          _ = try subject.file.open(hostBytes: bytes)
        } catch {
          throw wrong("a host's table of \(bytes) bytes: \(error.detail)")
        }
      }
      return "16 to 96 bytes against a guard page"
    },
    Check(
      name: "bytes", demand: "nothing is read past the length of bytes that are lent"
    ) { (subject) throws(KinoraError) in
      let plugin = try subject.plugin()
      let events = sample(plugin)
      var odd = OddStructs()
      odd.hasTightBytes = true
      for event in events {
        guard try step(plugin, event, odd: odd) == step(plugin, event) else {
          throw wrong("\(describe(event)): another step with the bytes elsewhere")
        }
      }
      return "\(events.count) events against guard pages"
    },
    Check(
      name: "models", demand: "any answer for the provider's own list of models is read or refused"
    ) { (subject) throws(KinoraError) in
      let plugin = try subject.plugin()
      guard let list = plugin.modelList else { return "it reads none" }
      var read = 0
      for answer in Battery.answers {
        do throws(KinoraError) {
          let first = try list.models(answer.body)
          guard try list.models(answer.body) == first else {
            throw wrong("the same answer gave other models")
          }
          _ = try plugin.catalog(listing: answer.body, on: "2026-10-01")
          read += 1
        } catch {
          if error.code != .providerProtocol { throw error }
        }
      }
      return "\(list.path), \(read) of \(Battery.answers.count) odd answers read"
    },
    Check(
      name: "long", demand: "a longer struct of a newer host changes nothing"
    ) { (subject) throws(KinoraError) in
      let plugin = try subject.plugin()
      let sizes = OddStructs.sizes
      for event in sample(plugin) {
        let usual = try step(plugin, event)
        let odd = OddStructs(
          event: sizes.event + 64, response: sizes.response + 64, out: sizes.out + 64)
        guard try step(plugin, event, odd: odd) == usual else {
          throw wrong("\(describe(event)): another step with longer structs")
        }
      }
      return "64 bytes more in each"
    },
    Check(
      name: "garbage", demand: "answers cut off anywhere or changed anywhere do no harm"
    ) { (subject) throws(KinoraError) in
      let plugin = try subject.plugin()
      var random = Noise(seed: 1)
      var calls = 0
      for event in try subject.events(plugin) {
        guard case .response(var response) = event.kind, !response.body.isEmpty,
          response.body.count < 4096
        else { continue }
        let whole = response.body
        for _ in 0..<8 {
          response.body = Array(whole.prefix(Int(random.next() % UInt64(whole.count))))
          calls += 1
          var odd = event
          odd.kind = .response(response)
          _ = try step(plugin, odd)
          response.body = whole
          response.body[Int(random.next() % UInt64(whole.count))] =
            UInt8(truncatingIfNeeded: random.next())
          odd.kind = .response(response)
          _ = try step(plugin, odd)
        }
      }
      return "\(calls * 2) answers, seed 1"
    },
    Check(
      name: "threads", demand: "16 threads at once get the steps that one gets"
    ) { (subject) throws(KinoraError) in
      let plugin = try subject.plugin()
      let events = Array(try subject.events(plugin).prefix(400))
      let usual = try events.map { (event) throws(KinoraError) in try step(plugin, event) }
      let crowd = Crowd(plugin: plugin, events: events, usual: usual)
      if let complaint = crowd.run(threads: 16) { throw wrong(complaint) }
      return "\(events.count * 16) steps"
    },
  ]

  // A few of each sort: guard pages cost a system call each.
  private static func sample(_ plugin: LoadedPlugin) -> [PluginEvent] {
    let all = Battery.events(plugin)
    return stride(from: 0, to: all.count, by: max(1, all.count / 60)).map { all[$0] }
  }
}

/// Numbers that are the same in every run (splitmix64).
private struct Noise {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
    return z ^ z >> 31
  }
}

/// Threads that all take the same steps.
private final class Crowd: Sendable {
  private let plugin: LoadedPlugin
  private let events: [PluginEvent]
  private let usual: [String]
  private let complaint = Mutex<String?>(nil)

  init(plugin: LoadedPlugin, events: [PluginEvent], usual: [String]) {
    self.plugin = plugin
    self.events = events
    self.usual = usual
  }

  func run(threads count: Int) -> String? {
    var threads: [pthread_t] = []
    for _ in 0..<count {
      var thread = pthread_t()
      let context = Unmanaged.passRetained(self).toOpaque()
      if pthread_create(&thread, nil, crowdMember, context) == 0 {
        threads.append(thread)
      } else {
        Unmanaged<Crowd>.fromOpaque(context).release()
      }
    }
    for thread in threads { pthread_join(thread, nil) }
    guard threads.count == count else { return "only \(threads.count) threads could be started" }
    return complaint.withLock { $0 }
  }

  func work() {
    for (event, usual) in zip(events, usual) {
      do throws(KinoraError) {
        let found = try Check.step(plugin, event)
        if found == usual { continue }
        note("\(Check.describe(event)): another step among threads")
      } catch {
        note(error.message)
      }
    }
  }

  private func note(_ text: String) { complaint.withLock { $0 = $0 ?? text } }
}

private func crowdMember(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  if let context { Unmanaged<Crowd>.fromOpaque(context).takeRetainedValue().work() }
  return nil
}
