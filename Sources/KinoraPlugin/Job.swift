/// What a client asked for, as the host gives it to a plugin. Media are named, never carried.
public struct Job: Sendable, Equatable {
  /// An image, a clip or a sound that goes in.
  public struct Input: Sendable, Equatable {
    /// `first_frame`, `last_frame`, `reference`, `video` or `audio`.
    public var role: String
    /// The host's name of the stored bytes, `in0`; nil when the provider shall fetch ``uri`` itself.
    public var ref: String?
    /// `image/png`.
    public var mime: String
    /// Length; 0 with a ``uri``.
    public var bytes: Int64
    /// The https address the client gave, when it gave one; the bytes are stored all the same.
    public var url: String?
    /// The provider's own address, `gs://…` or a file id.
    public var uri: String?
  }

  /// The job's public name.
  public var id: String
  /// Hexadecimal, the same for the job's whole life, known to nobody else: what a provider may keep as
  /// metadata so that a lost submit can be found again.
  public var tag: String
  /// The provider's model id.
  public var model: String
  /// `text-to-video`, `image-to-video`, `first-last-frame`, `references`, `extend` or `image`.
  public var kind: String
  /// What to show.
  public var prompt: String
  /// What not to show.
  public var negativePrompt: String?
  /// Length in seconds.
  public var seconds: Double?
  /// `16:9`.
  public var aspectRatio: String?
  /// `720p`.
  public var resolution: String?
  /// `1280x720`.
  public var size: String?
  /// Frames a second.
  public var fps: Int?
  /// Whether the clip shall have sound.
  public var audio: Bool?
  /// Randomness seed of the provider.
  public var seed: Int64?
  /// How many results.
  public var count: Int
  /// What goes in, in the client's order.
  public var inputs: [Input]
  /// The provider's handle of the result that is extended or remixed.
  public var sourceHandle: String?
  /// Options of this provider, as the client wrote them; `null` for none.
  public var options: JSON

  /// The inputs of a role.
  public func inputs(_ role: String) -> [Input] { inputs.filter { $0.role == role } }
  /// The first input of a role.
  public func input(_ role: String) -> Input? { inputs.first { $0.role == role } }
}

extension Job {
  /// Reads a job as the host writes it; members that are not known are passed over. Throws `protocol`
  /// without `id` or `model`.
  public init(_ json: JSON) throws(Failure) {
    guard let id = json["id"].string, let model = json["model"].string else {
      throw Failure(.protocol, "the host's job could not be read")
    }
    self.id = id
    self.model = model
    tag = json["tag"].string ?? ""
    kind = json["kind"].string ?? ""
    prompt = json["prompt"].string ?? ""
    negativePrompt = json["negative_prompt"].string
    seconds = json["seconds"].double
    aspectRatio = json["aspect_ratio"].string
    resolution = json["resolution"].string
    size = json["size"].string
    fps = json["fps"].int
    audio = json["audio"].bool
    seed = json["seed"].integer
    count = json["count"].int ?? 1
    inputs = json["inputs"].array.map(Input.init)
    sourceHandle = json["source"]["handle"].string
    options = json["options"]
  }
}

extension Job.Input {
  init(_ json: JSON) {
    role = json["role"].string ?? ""
    ref = json["ref"].string
    mime = json["mime"].string ?? "application/octet-stream"
    bytes = json["bytes"].integer ?? 0
    url = json["url"].string
    uri = json["uri"].string
  }
}
