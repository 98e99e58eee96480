import KinoraModel

extension Commands {
  /// `kinora reload`: a refused file is a configuration error, 78, as for the daemon itself.
  static let reload = Command(
    name: "reload", summary: "read the configuration again; returns when it is in force",
    examples: [
      ("kinora reload", "a bad file keeps the old configuration and tells every error"),
      ("kinora config check /etc/kinora/kinora.yaml && kinora reload", "look before"),
    ],
    flags: [.json],
    run: { invocation throws(Failure) in
      do throws(Failure) {
        return try Read.run(invocation, .post("/v1/reload")) { _ in
          Console.error("kinora: the configuration is in force")
        }
      } catch {
        guard error.exit == .usage else { throw error }
        var failure = error
        failure.exit = .configuration
        throw failure
      }
    })

  /// `kinora pause`.
  static let pause = Command(
    name: "pause", summary: "send no more paid requests",
    examples: [
      ("kinora pause", "jobs are still accepted and wait; what runs goes on"),
      ("kinora resume", "the way back"),
    ],
    flags: [.json],
    run: { invocation throws(Failure) in
      try Read.run(invocation, .post("/v1/pause")) { _ in
        Console.error("kinora: paid requests are paused; go on with: kinora resume")
      }
    })

  /// `kinora resume`.
  static let resume = Command(
    name: "resume", summary: "send paid requests again",
    examples: [
      ("kinora resume", "waiting jobs go on"),
      ("kinora jobs --status queued", "what waited"),
    ],
    flags: [.json],
    run: { invocation throws(Failure) in
      try Read.run(invocation, .post("/v1/resume")) { _ in
        Console.error("kinora: paid requests go on")
      }
    })
}
