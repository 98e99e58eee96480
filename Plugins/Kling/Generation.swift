import KinoraPlugin

/// Which of Kling's two APIs a job is made with.
///
/// An API key speaks both; access key and secret key, of which the host makes a token, the older one
/// only. The configuration may say `api: legacy` or `api: tasks`; otherwise a configured API key
/// means the newer one for each model that it has.
enum Generation: String, Codable {
  case legacy
  case tasks

  /// Models of the newer API, by the names of the catalog.
  static let names = [
    "kling-v2-5-turbo": "kling-2.5-turbo", "kling-v2-6": "kling-2.6", "kling-v3": "kling-3.0",
    "kling-3.0-turbo": "kling-3.0-turbo",
  ]

  init(of job: Job, _ context: Context) throws(Failure) {
    let wish = try context.option(
      "api", otherwise: "the provider's option api must be legacy or tasks"
    ) { ["", "legacy", "tasks"].contains($0) }
    let hasKey = context.has("api_key")
    if Self.names[job.model] == nil {
      self = .legacy
    } else if job.model == "kling-3.0-turbo" {
      self = .tasks
    } else {
      self = Generation(rawValue: wish) ?? (hasKey ? .tasks : .legacy)
    }
    guard self == .legacy || hasKey else {
      throw Failure(
        .unauthenticated,
        "\(job.model) needs the credential api_key here: access_key and secret_key are taken by "
          + "Kling's older API only")
    }
  }
}

extension Kling {
  /// `token` is the one that the host signs (HS256, `iss` the access key, 30 minutes), else the API
  /// key.
  func authorized(_ generation: Generation) -> Headers {
    ["authorization": bearer(generation == .legacy ? "token" : "api_key")]
  }
}
