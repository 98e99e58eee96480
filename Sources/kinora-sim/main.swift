// Nothing but the start: top-level code belongs to the main actor, whose thread waits for signals.
import Glibc

Simulator.main(
  Array(CommandLine.arguments.dropFirst()),
  search: getenv("PATH").map { String(cString: $0) } ?? "/usr/local/bin:/usr/bin:/bin")
