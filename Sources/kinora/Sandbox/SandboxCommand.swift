import KinoraModel

extension Commands {
  static let sandbox = Command(
    name: "sandbox", summary: "a simulator and a daemon to try everything without root and keys",
    examples: [
      ("kinora sandbox", "run it; it says what to type in another terminal"),
      ("kinora sandbox --dir /tmp/box --speed 20", "another folder, renders 20 times faster"),
    ],
    flags: [
      Flag("dir", nil, .value("DIR"), "its folder (~/.local/state/kinora-sandbox)"),
      Flag("speed", nil, .value("N"), "renders and polls N times faster, nothing else"),
      Flag("config", nil, .values("FILE"), "merged over the ready-made configuration"),
      Flag("port", nil, .value("PORT"), "the simulator's port (free, then remembered)"),
    ],
    notes: [
      "When both run, DIR/env has KINORA_SOCKET, KINORA_SIM and their pids. Where nginx is\n"
        + "installed OpenRouter is spoken to through a TLS front (KINORA_SIM_TLS, KINORA_SIM_CA)\n"
        + "that answers HTML to anything but HTTP/2. Ctrl-C ends all of it; the same folder again\n"
        + "goes on with its jobs. A daemon that dies is started again at once."
    ],
    run: { invocation throws(Failure) in
      let arguments = invocation.arguments
      var extra: [String] = []
      for file in arguments.values("config") {
        guard Files.exists(file) else { throw .usage("there is no file \(Shell.quoted(file))") }
        extra.append(Files.absolute(file))
      }
      let path = if let dir = arguments.value("dir") { dir } else { try SandboxFolder.usual() }
      let folder = try SandboxFolder(Files.absolute(path))
      let plan = SandboxPlan(
        folder: folder, daemon: try Programs.named("kinorad"),
        simulator: try Programs.named("kinora-sim"), plugins: try Programs.plugins(),
        extra: extra, speed: try speed(arguments),
        port: try arguments.count("port", 1...65535).map { UInt16($0) })
      return try Sandbox(plan).run()
    })

  /// As it will stand in the configuration, whose `poll_speed` has the same bounds.
  private static func speed(_ arguments: Arguments) throws(Failure) -> String {
    guard let text = arguments.value("speed") else { return "1" }
    guard let number = Double(text), number >= 1, number <= 1000 else {
      throw .usage("--speed takes a number from 1 to 1000, not \(Shell.quoted(text))")
    }
    return Words.number(number)
  }
}

/// What a sandbox is to run.
struct SandboxPlan {
  var folder: SandboxFolder
  var daemon: String
  var simulator: String
  var plugins: String
  var extra: [String]
  var speed: String
  var port: UInt16?
}
