import CSys
import Glibc
import KinoraModel

extension Commands {
  /// `kinora config check`: becomes kinorad, which alone knows its configuration; its exit code is ours.
  static let configCheck = Command(
    name: "config check", summary: "check configuration files without a daemon",
    operands: "FILE…", count: 1...16,
    examples: [
      ("kinora config check /etc/kinora/kinora.yaml", "every error in one run; exit 78"),
      ("kinora config check base.yaml extra.yaml", "extra merged over base"),
    ],
    run: { invocation throws(Failure) in
      let program = try Programs.named("kinorad")
      let files = invocation.arguments.operands.flatMap { ["--config", $0] }
      let words = [program] + files + ["--check-config"]
      var pointers: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
      execv(program, &pointers)
      throw .system("cannot run \(program)", errno, .configuration)
    })

  /// `kinora config show`: what the daemon runs with.
  static let configShow = Command(
    name: "config show", summary: "the configuration in force, secrets masked",
    examples: [
      ("kinora config show", "for people"),
      ("kinora config show --json", "for a script"),
    ],
    flags: [.json],
    run: { invocation throws(Failure) in
      let answer = try invocation.client.send(.get("/v1/config"))
      if invocation.arguments.has("json") {
        Console.print(answer.body)
      } else if let json = answer.json {
        for line in Outline.lines(json) { Console.print(line) }
      } else {
        Console.print(answer.body)
      }
      return .done
    })
}
