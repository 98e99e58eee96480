import Glibc

Simulator.main(
  Array(CommandLine.arguments.dropFirst()),
  search: getenv("PATH").map { String(cString: $0) } ?? "/usr/local/bin:/usr/bin:/bin")
