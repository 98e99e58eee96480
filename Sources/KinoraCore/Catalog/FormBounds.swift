/// Guard rails of forms that people fill in: what a bot offers by itself. They bound nothing else; a
/// request may ask for all that its model makes.
public struct FormBounds: Sendable, Equatable {
  /// The length that is filled in, in seconds, where the model offers it.
  public var defaultSeconds: Double
  /// The longest that is offered, in seconds.
  public var maxSeconds: Double
  /// The highest frame rate that is offered.
  public var maxFPS: Int

  /// Those that bots have had so far: 5 s, 20 s and 60 frames a second.
  public init(defaultSeconds: Double = 5, maxSeconds: Double = 20, maxFPS: Int = 60) {
    self.defaultSeconds = defaultSeconds
    self.maxSeconds = maxSeconds
    self.maxFPS = maxFPS
  }
}
