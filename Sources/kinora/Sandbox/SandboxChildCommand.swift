import CSys
import Glibc

extension Commands {
  /// Becomes another program that ends with the sandbox: `posix_spawn` has no way to ask the kernel
  /// for that (PR_SET_PDEATHSIG of prctl(2)), a program that is about to `exec` has.
  static let sandboxChild = Command(
    name: "sandbox-child", summary: "used by kinora sandbox", operands: "PARENT PROGRAM [ARG…]",
    count: 2...1000,
    examples: [
      ("kinora sandbox-child -- 4711 /usr/bin/kinorad --help", "runs it while 4711 lives"),
      ("kinora sandbox", "the command that needs this one"),
    ],
    isHidden: true,
    run: { invocation throws(Failure) in
      let words = invocation.arguments.operands
      setsid()
      kn_set_parent_death_signal(SIGTERM)
      // The parent may have ended before the line above.
      guard getppid() == pid_t(words[0]) else { return .jobFailed }
      var pointers: [UnsafeMutablePointer<CChar>?] = words.dropFirst().map { strdup($0) } + [nil]
      execv(words[1], &pointers)
      throw .system("cannot run \(words[1])", errno, .configuration)
    })
}
