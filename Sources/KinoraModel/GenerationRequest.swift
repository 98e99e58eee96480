/// What is to be made, in the one form that every front door translates into.
public struct GenerationRequest: Sendable, Codable, Equatable {
  /// The model as the client named it.
  public var model: String
  /// What to show. May be empty where an image alone is enough.
  public var prompt: String
  /// What not to show.
  public var negativePrompt: String?
  /// Length in seconds.
  public var seconds: Double?
  /// `16:9` and the like.
  public var aspectRatio: String?
  /// `720p`, `1080p`, `4k` and the like.
  public var resolution: String?
  /// `1280x720`, width first.
  public var size: String?
  /// Frames a second.
  public var fps: Int?
  /// Whether the clip shall have sound.
  public var audio: Bool?
  /// Randomness seed of the provider.
  public var seed: Int64?
  /// How many results.
  public var count: Int = 1
  /// Images, video and audio that go in.
  public var inputs: [MediaInput] = []
  /// An earlier job whose result is extended or remixed.
  public var sourceJob: JobID?
  /// The provider's own handle of that result.
  public var sourceHandle: String?
  /// What is done with that result: `extend`, `remix` or `edit`; nil for the first of them that the
  /// model can do.
  public var sourceUse: GenerationKind?
  /// The most this job may cost; above it the request is refused.
  public var maxCost: MicroUSD?
  /// True: values that the model cannot honour move to the nearest one it can.
  public var snap: Bool = false
  /// Up to 16 short strings of the client's own.
  public var metadata: [String: String] = [:]
  /// The client's own user, for budgets by end user.
  public var endUser: String?
  /// Seconds between polls that the client wants at least; the provider's own pace is never exceeded.
  /// Not part of what is made, so a repeat may name another.
  public var pollSeconds: Double?
  /// Whom of its own the client serves with it, for quotas in counts.
  public var tenant: String?
  /// The name of words that are sent with the prompt and never shown with the job.
  public var stylePreset: String?
  /// Those words, as they were when the job was accepted.
  public var style: StylePreset?
  /// Options that only this provider knows, passed through to its plugin.
  public var options: JSON?

  /// A request for `model` from `prompt`; everything else by the model's defaults.
  public init(model: String, prompt: String) {
    self.model = model
    self.prompt = prompt
  }
}

/// One medium that goes into a generation.
public struct MediaInput: Sendable, Codable, Equatable {
  /// What it is for.
  public enum Role: String, Sendable, Codable, CaseIterable {
    case firstFrame = "first_frame"
    case lastFrame = "last_frame"
    case reference
    case video
    case audio
  }
  /// What it is for.
  public var role: Role
  /// `in0`, `in1`, … in the order of the request; nil for a `uri`.
  public var ref: String?
  /// The stored bytes' address; nil for a `uri`.
  public var sha256: String?
  /// `image/png`, sniffed from the bytes.
  public var mime: String
  /// Length in bytes; 0 for a `uri`.
  public var bytes: Int64
  /// The https address it was fetched from, when it came so.
  public var url: String?
  /// A provider's own address (`gs://…`, a file id), never fetched by us.
  public var uri: String?

  /// An input.
  public init(
    role: Role, ref: String?, sha256: String?, mime: String, bytes: Int64, url: String? = nil,
    uri: String? = nil
  ) {
    self.role = role
    self.ref = ref
    self.sha256 = sha256
    self.mime = mime
    self.bytes = bytes
    self.url = url
    self.uri = uri
  }
}

/// What kind of making it is; follows from what the request holds.
public enum GenerationKind: String, Sendable, Codable, CaseIterable {
  case textToVideo = "text-to-video"
  case imageToVideo = "image-to-video"
  case firstLastFrame = "first-last-frame"
  case references
  case extend
  /// An earlier result once more, after another prompt.
  case remix
  /// An earlier result with something in it changed.
  case edit
  case image

  /// Kinds that go on with an earlier job's result, the usual one first.
  public static let continuing: [GenerationKind] = [.extend, .remix, .edit]
}
