/// Every bound that is not about HTTP framing, with its unit and its reason.
public enum Limits {
  /// Bytes of a prompt. The longest any known model takes is about 8 KiB.
  public static let promptBytes = 32 * 1024
  /// Bytes of one request body, media included.
  public static let bodyBytes = 48 * 1024 * 1024
  /// Bytes of a JSON body after its long strings were lifted out.
  public static let jsonBytes = 1024 * 1024
  /// A JSON string of a request body longer than this goes to a file.
  public static let liftRequestBytes = 64 * 1024
  /// A JSON string of a provider's answer longer than this goes to a file.
  public static let liftResponseBytes = 4 * 1024
  /// Bytes of one input image or clip.
  public static let inputBytes: Int64 = 32 * 1024 * 1024
  /// Bytes of a JSON answer of a provider in memory.
  public static let answerBytes = 4 * 1024 * 1024
  /// Bytes of one artifact.
  public static let artifactBytes: Int64 = 2 * 1024 * 1024 * 1024
  /// Metadata members of a job, and bytes of a key and of a value.
  public static let metadataMembers = 16
  /// Bytes of a metadata key.
  public static let metadataKeyBytes = 64
  /// Bytes of a metadata value.
  public static let metadataValueBytes = 512
  /// Characters of an idempotency key.
  public static let idempotencyKeyLength = 255
  /// How long an idempotency key is remembered: 30 days, because what it guards costs money.
  public static let idempotencyLife: Milliseconds = 30 * 86_400_000
  /// How long a POST without key may attach to an undelivered job.
  public static let attachLife: Milliseconds = 600_000
  /// How long `submit_unknown` holds its places.
  public static let unknownHoldsPlace: Milliseconds = 15 * 60_000
  /// Waiting for a turn ends after this.
  public static let queueWait: Milliseconds = 24 * 3_600_000
  /// The slowest pace of a tail's polls.
  public static let tailPoll: Milliseconds = 5 * 60_000
  /// Polls that fail in a row before the pace stops growing.
  public static let backoffSteps = 6
  /// A step longer than this makes its plugin degraded.
  public static let slowStepMilliseconds: Int64 = 1000
  /// The most that is booked for one job: a million dollars. Sums of many stay within 64 bits.
  public static let dearestJob = MicroUSD(1_000_000_000_000)
  /// Faults after which a plugin is not called any more.
  public static let pluginFaults = 5
  /// Free bytes of the state directory below which no new job is accepted.
  public static let freeDiskFloor: Int64 = 512 * 1024 * 1024
}
