import Glibc
import KinoraModel

extension Commands {
  /// `kinora mcp`: what a host of the Model Context Protocol starts.
  static let mcp = Command(
    name: "mcp", summary: "offer the tools over stdin and stdout (Model Context Protocol)",
    examples: [
      ("claude mcp add kinora -- kinora mcp", "for a host that starts its servers itself"),
      (
        #"{"mcpServers": {"kinora": {"command": "kinora", "args": ["mcp"]}}}"#,
        "the same in a host's configuration"
      ),
    ],
    notes: [
      "Carries each message to the daemon and each answer back; nothing is kept here.",
      "A video that was begun goes on when the host leaves; list_videos finds it again.",
      "A daemon that is away is waited for, 30 s for each message.",
    ],
    run: { invocation throws(Failure) in
      let client = invocation.client
      try client.check()
      let signals = try Signals([SIGINT, SIGTERM])
      do throws(Failure) {
        try MCPBridge(client, signals).run()
      } catch {
        guard error.exit == .interrupted else { throw error }
      }
      return .done
    })
}
