import KinoraHTTP

/// One simulated provider.
protocol Provider: Sendable {
  /// Its name and the first part of its paths.
  var name: String { get }
  /// What a request means.
  func route(_ call: Call) -> Route
  /// The provider's own answer when something goes wrong.
  func failure(_ failure: Failure) -> HTTPResponse
}

/// What may go wrong that every provider words in its own way.
enum Failure: Sendable {
  /// 401, 402, 403, 500, 502 or 503.
  case status(Int)
  /// 429; with seconds when the client is told when to come back.
  case rateLimited(retryAfter: Int64?)
  /// The model was shut down.
  case retired(model: String)
  /// The finished file is gone.
  case expired
  /// What was asked for is not there.
  case notFound(String)
}

/// All of them.
enum Providers {
  static let names = [
    "openrouter", "google", "vertex", "sample", "still", "comfyui", "openai", "zai", "custom",
    "kling", "vercel",
  ]

  static func all(_ world: World) -> [any Provider] {
    [
      OpenRouter(world: world), Google(world: world), Vertex(world: world), Sample(world: world),
      Still(world: world), ComfyUI(world: world), OpenAI(world: world), Zai(world: world),
      Custom(world: world),
      Kling(world: world), Vercel(world: world),
    ]
  }
}
