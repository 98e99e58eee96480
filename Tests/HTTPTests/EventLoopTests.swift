import CSys
import Glibc
import KinoraLoop
import Synchronization
import Testing

@Suite struct EventLoopTests {
  private func loop() throws -> EventLoop {
    let loop = try EventLoop(name: "loop-test")
    try loop.start()
    return loop
  }

  @Test("posts run in order on the loop's thread, and stop waits for them")
  func order() async throws {
    let loop = try loop()
    let seen = Log()
    for i in 0..<5000 { loop.post { seen.add(loop.isOnLoop ? i : -1) } }
    await loop.stop()
    #expect(seen.list == Array(0..<5000))
    #expect(!loop.isOnLoop)
  }

  @Test("a task that prefers the loop stays on its thread across calls and sleeps")
  func executor() async throws {
    let loop = try loop()
    let places = await Task(executorPreference: loop) {
      var places = [loop.isOnLoop]
      places.append(await nested(loop))
      try? await Task.sleep(for: .milliseconds(2))
      places.append(loop.isOnLoop)
      return places
    }.value
    #expect(places == [true, true, true])
    await loop.stop()
  }

  @Test("a task outlives its loop on the global pool")
  func afterEnd() async throws {
    let loop = try loop()
    await loop.stop()
    #expect(await Task(executorPreference: loop) { 42 }.value == 42)
  }

  @Test("timers run in due order, never early, and not when cancelled")
  func timers() async throws {
    let loop = try loop()
    let seen = Log()
    let start = ContinuousClock.now
    await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
      loop.post {
        loop.schedule(after: .milliseconds(30)) { done.resume() }
        loop.schedule(after: .milliseconds(20)) { seen.add(2) }
        let dead = loop.schedule(after: .milliseconds(15)) { seen.add(99) }
        loop.schedule(after: .milliseconds(10)) { seen.add(1) }
        loop.cancel(dead)
        for _ in 0..<1000 { loop.cancel(loop.schedule(after: .seconds(60)) {}) }
      }
    }
    #expect(seen.list == [1, 2])
    #expect(ContinuousClock.now - start >= .milliseconds(30))
    await loop.stop()
  }

  @Test("a watch that was ended hears nothing more, though its number is used again")
  func stale() async throws {
    let loop = try loop()
    let seen = Log()
    for round in 0..<20 {
      var ends: [Int32] = [-1, -1]
      #expect(kn_pipe(&ends) == 0)
      let (reader, writer) = (ends[0], ends[1])
      await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
        loop.post {
          let slot = WatchBox()
          slot.watch = try? loop.watch(reader, for: [.read, .edge]) { _ in
            seen.add(round)
            if let watch = slot.watch { loop.unwatch(watch) }
            close(reader)
            if let watch = slot.watch { loop.unwatch(watch) }
            done.resume()
          }
          _ = write(writer, "x", 1)
        }
      }
      close(writer)
    }
    #expect(seen.list == Array(0..<20))
    await loop.stop()
  }

  @Test("a flood of jobs does not keep a descriptor waiting for its end")
  func budget() async throws {
    let loop = try loop()
    let turns = Log()
    await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
      loop.post {
        loop.schedule(after: .milliseconds(5)) {
          turns.add(1)
          done.resume()
        }
        flood(loop, turns)
      }
    }
    #expect(turns.list == [1])
    await loop.stop()
  }
}

/// Posts itself until the timer has run.
private func flood(_ loop: EventLoop, _ turns: Log) {
  if turns.list.isEmpty { loop.post { flood(loop, turns) } }
}

private func nested(_ loop: EventLoop) async -> Bool { loop.isOnLoop }

private final class WatchBox {
  var watch: Watch?
}

private final class Log: Sendable {
  private let entries = Mutex<[Int]>([])
  func add(_ value: Int) { entries.withLock { $0.append(value) } }
  var list: [Int] { entries.withLock { $0 } }
}
