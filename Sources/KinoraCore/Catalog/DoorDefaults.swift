/// What a front door takes for granted when a request does not say.
public struct DoorDefaults: Sendable {
  /// Seconds, when the model offers them; else the model's own default.
  public var seconds: Double?
  /// Shape.
  public var aspectRatio: String?
  /// Resolution.
  public var resolution: String?
  /// Values always move to the nearest possible one.
  public var alwaysSnaps: Bool
  /// Only videos are asked for here: a model that makes none is refused.
  public var wantsVideo = false
  /// The model where the request names none: the storage door's always, any other's where the
  /// configuration has no `defaults.model`.
  public var model: String?

  /// One row a door. Wishes of the door, never demands: what a model does not offer is left to the
  /// model's own default.
  public static let table: [String: DoorDefaults] = [
    "videos": DoorDefaults(
      seconds: 5, aspectRatio: "16:9", resolution: "720p", alwaysSnaps: false),
    "tools": DoorDefaults(
      seconds: 5, aspectRatio: "16:9", resolution: "720p", alwaysSnaps: false),
    "tanstack": tanstack, "tanstack.jobs": tanstack,
    "gateway": gateway, "gateway.start": gateway,
    // As their own providers do without a wish: the model's own length.
    "openrouter": DoorDefaults(
      aspectRatio: "16:9", resolution: "720p", alwaysSnaps: false, wantsVideo: true),
    "google": google, "google.waiting": google,
    "chat": chat, "chat.async": chat,
    "images": images, "images.async": images,
    "storage-backend": storage, "storage-backend.async": storage,
  ]

  /// 1280x720, 8 s and sora-2, as the documentation of TanStack AI has them for OpenAI's models.
  private static let tanstack = DoorDefaults(
    seconds: 8, aspectRatio: "16:9", resolution: "720p", alwaysSnaps: false, wantsVideo: true,
    model: "sora-2")
  /// 8 s at 720p, as Veo has them.
  private static let google = DoorDefaults(
    seconds: 8, aspectRatio: "16:9", resolution: "720p", alwaysSnaps: false)
  /// As Veo's, which its users asked for.
  private static let chat = google
  private static let images = DoorDefaults(alwaysSnaps: false)
  private static let storage = DoorDefaults(
    seconds: 5, aspectRatio: "9:16", alwaysSnaps: true, wantsVideo: true, model: "veo-3.1-fast")
  /// The AI SDK leaves everything to the model; 16:9 and 720p are what most of them begin with.
  private static let gateway = DoorDefaults(
    aspectRatio: "16:9", resolution: "720p", alwaysSnaps: false, wantsVideo: true)
}
