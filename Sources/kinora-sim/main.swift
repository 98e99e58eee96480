import Glibc

exit(
  await Simulator.run(
    Array(CommandLine.arguments.dropFirst()), signals: Signals(),
    search: getenv("PATH").map { String(cString: $0) } ?? "/usr/local/bin:/usr/bin:/bin"))
