import KinoraModel

/// The daemon's configuration in a sandbox.
struct SandboxConfiguration {
  var folder: SandboxFolder
  var plugins: String
  /// `http://127.0.0.1:PORT` of the simulator.
  var simulator: String
  /// `https://127.0.0.1:PORT` in front of it, and the CA that signed it.
  var front: (url: String, authority: String)?
  /// How much faster the daemon polls.
  var speed: String

  /// The YAML text. Strings are written as JSON writes them, which YAML reads the same.
  func text() throws(Failure) -> String {
    func quoted(_ text: String) -> String { JSON.string(text).text }
    var lines = [
      "# Written by kinora sandbox at every start; put changes into a file for --config.",
      "version: 1",
      "state_dir: \(quoted(folder.state))",
      "plugin_path: [\(quoted(plugins))]",
      "listen:",
      "  unix: {path: \(quoted(folder.socket)), mode: \"0600\"}",
      "providers:",
    ]
    func provider(_ name: String, _ url: String, _ more: [String]) {
      lines += ["  \(name):", "    plugin: \(name)", "    base_url: \(url)"]
      lines += ["    allow_private: true"]
      if speed != "1" { lines.append("    poll_speed: \(speed)") }
      lines += more.map { "    \($0)" }
    }
    func credentials(_ name: String) throws(Failure) -> String {
      "credentials: {api_key: {file: \(quoted(try folder.key(name)))}}"
    }
    provider("sample", "\(simulator)/sample/v1", [])
    var openRouter = ["transport: curl", try credentials("openrouter")]
    if let front { openRouter.append("ca_file: \(quoted(front.authority))") }
    provider("openrouter", "\(front?.url ?? simulator)/openrouter/api/v1", openRouter)
    provider("google", "\(simulator)/google", [try credentials("google")])
    provider(
      "vertex", "\(simulator)/vertex",
      [
        "credentials: {service_account: {file: \(quoted(try folder.serviceAccount(simulator)))}}",
        "options: {project: kinora-sim, storage_url: \(quoted("\(simulator)/vertex/storage"))}",
      ])
    provider("comfyui", "\(simulator)/comfyui", [])
    provider("openai-videos", "\(simulator)/openai/v1", [try credentials("openai-videos")])
    provider("zai", "\(simulator)/zai/api/paas/v4", [try credentials("zai")])
    provider("custom", "\(simulator)/custom/v1", ["assume_usd: 0"])
    provider("kling", "\(simulator)/kling", [try credentials("kling")])
    provider("vercel-gateway", "\(simulator)/vercel/v4/ai", [try credentials("vercel-gateway")])
    if Files.exists("\(plugins)/kinora-still.so") {
      provider("still", "\(simulator)/still/v1", [])
    }
    lines += ["defaults: {model: sample/clip}", "limits: {max_queued: 0}", ""]
    return lines.joined(separator: "\n")
  }
}
