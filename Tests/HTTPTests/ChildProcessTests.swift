import Glibc
import KinoraLoop
import Synchronization
import Testing

@Suite struct ChildProcessTests {
  private func run(_ script: String, keeping: [Int32] = [], errorCap: Int = 4096) async throws
    -> (ChildProcess.Exit, String)
  {
    let loop = try EventLoop(name: "child-test")
    try loop.start()
    let box = Box()
    let child = try ChildProcess.spawn(
      on: loop, executable: "/bin/sh", arguments: ["-c", script],
      environment: ["PATH=/usr/bin:/bin"], keeping: keeping,
      onOutput: { bytes in box.text.withLock { $0 += bytes } }, errorCap: errorCap)
    let exit = await child.exit
    await loop.stop()
    return (exit, String(decoding: box.text.withLock { $0 }, as: UTF8.self))
  }

  @Test("a child's output, error output and status come together")
  func collects() async throws {
    let (exit, text) = try await run("printf hello; printf wrong >&2; exit 3")
    #expect(exit.status == 3)
    #expect(text == "hello")
    #expect(exit.errorOutput == Array("wrong".utf8))
  }

  @Test("a megabyte of output arrives whole and in order")
  func large() async throws {
    let (exit, text) = try await run("seq 1 150000")
    #expect(exit.status == 0)
    #expect(text.hasSuffix("149999\n150000\n"))
    #expect(text.utf8.count == 938_895)
  }

  @Test("error output is cut at its cap and the child is not blocked by it")
  func errorCap() async throws {
    let (exit, _) = try await run("seq 1 100000 >&2", errorCap: 10)
    #expect(exit.status == 0)
    #expect(exit.errorOutput == Array("1\n2\n3\n4\n5\n".utf8))
  }

  @Test("the environment is empty unless given, stdin is empty, and no descriptor leaks")
  func isolation() async throws {
    let (exit, text) = try await run("cat; ls /proc/self/fd | wc -l; env | grep -v PWD= | sort")
    #expect(exit.status == 0)
    // 0, 1, 2 and the folder that ls itself opened.
    #expect(text.hasPrefix("4\n"))
    #expect(text.contains("PATH=/usr/bin:/bin"))
    #expect(!text.contains("HOME="))
  }

  @Test("kept descriptors arrive as 3, 4 in order, whatever their numbers are")
  func keeps() async throws {
    let a = open("/dev/zero", O_RDONLY | O_CLOEXEC)
    let b = open("/dev/null", O_RDONLY | O_CLOEXEC)
    defer {
      close(a)
      close(b)
    }
    let (_, text) = try await run(
      "readlink /proc/self/fd/3 /proc/self/fd/4", keeping: [b, a])
    #expect(text == "/dev/null\n/dev/zero\n")
  }

  @Test("a killed child reports minus its signal, and a missing program its errno")
  func ends() async throws {
    let loop = try EventLoop(name: "child-kill")
    try loop.start()
    let child = try ChildProcess.spawn(
      on: loop, executable: "/bin/sleep", arguments: ["100"], onOutput: nil)
    child.kill(SIGKILL)
    #expect(await child.exit.status == -SIGKILL)
    child.kill()
    #expect(throws: SystemError("posix_spawn", errno: ENOENT)) {
      try ChildProcess.spawn(
        on: loop, executable: "/nonexistent", arguments: [], onOutput: nil)
    }
    await loop.stop()
  }

  @Test("an orphan that holds the pipe does not delay the child's end, and nothing stays a zombie")
  func orphan() async throws {
    let start = ContinuousClock.now
    let (exit, text) = try await run("sleep 200 & echo done")
    #expect(exit.status == 0)
    #expect(text == "done\n")
    #expect(ContinuousClock.now - start < .seconds(150))
  }

  @Test("forty children at once are all reaped")
  func many() async throws {
    let loop = try EventLoop(name: "child-many")
    try loop.start()
    let sum = try await withThrowingTaskGroup(of: Int32.self) { group in
      for i in 0..<40 {
        group.addTask {
          let child = try ChildProcess.spawn(
            on: loop, executable: "/bin/sh", arguments: ["-c", "exit \(i)"], onOutput: nil)
          let status = await child.exit.status
          // Reaped: signal 0 finds no such process (a zombie would still be found).
          #expect(Glibc.kill(child.pid, 0) == -1)
          return status
        }
      }
      return try await group.reduce(0, +)
    }
    #expect(sum == 780)
    await loop.stop()
  }
}

private final class Box: Sendable {
  let text = Mutex<[UInt8]>([])
}
