/// What groups operations for a reader, and the words that follow from what a route is.
enum ContractTags {
  /// The groups, in the order in which a page shows them, each with the beginnings of its paths.
  static let all: [(name: String, about: String, paths: [String])] = [
    (
      "Videos", "Jobs: made, watched, fetched, decided about.",
      ["/v1/videos", "/v1/events", "/v1/quote"]
    ),
    ("Batches", "Up to a hundred jobs by one request.", ["/v1/batches"]),
    ("Models", "What can be made, and where a name leads.", ["/v1/models", "/v1/route:explain"]),
    (
      "Tenants", "Servers of a bot and their users: slots, quotas, forms.",
      ["/v1/tenants", "/v1/capabilities", "/v1/forms"]
    ),
    (
      "Daemon", "Money spent, providers, plugins, configuration, a stop of all paid work.",
      [
        "/v1/usage", "/v1/plugins", "/v1/providers", "/v1/doctor", "/v1/config", "/v1/reload",
        "/v1/pause", "/v1/resume", "/v1/version",
      ]
    ),
    ("Health", "For supervisors and monitors.", ["/livez", "/readyz", "/metrics"]),
    ("Tools", "For language models, by HTTP and by MCP.", ["/v1/tools", "/mcp"]),
    (
      "OpenAI", "Chat completions and images as OpenAI's clients ask for them.",
      ["/v1/chat", "/v1/images"]
    ),
    ("TanStack", "Runs of TanStack AI.", ["/api/generate"]),
    ("Gateway", "Video models of the AI SDK's gateway.", ["/v4/ai"]),
    ("Gemini", "Google's Gemini API.", ["/google"]),
    ("OpenRouter", "OpenRouter's video API.", ["/openrouter"]),
    ("Storage", "Clips of the customers of a storage service.", ["/video/", "/customers"]),
    ("Documentation", "Pages about all of this.", ["/"]),
  ]

  static func tag(_ template: String) -> String {
    all.first { group in group.paths.contains { template.hasPrefix($0) } }?.name ?? "Documentation"
  }

  /// Places in a path, by their names.
  static let places = [
    "id": "the id, as the answer that made it or the list tells it", "tenant": "the tenant's name",
    "batch": "the batch's id", "name": "the name, as the list or an earlier answer tells it",
    "customer": "the customer's number", "provider": "a configured name",
  ]

  /// A sentence on what it does, and one on who may ask.
  static func about(
    _ route: Route, _ endpoint: Route.Endpoint, _ operation: Operation
  ) -> String {
    let who =
      switch endpoint.access {
      case .open: "Anybody may ask, without a key."
      case .known where endpoint.method == "GET": "Needs the scope `read`."
      case .known: "Needs the scope `submit`."
      case .admin: "For root, the daemon's own user and clients with the scope `admin`."
      }
    let media = endpoint.body == .upload ? " Media may be addresses, data URLs or files." : ""
    return "\(operation.summary).\(media) \(who)"
  }
}
