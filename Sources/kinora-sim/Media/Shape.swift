import KinoraModel

/// What a rendered file looks like. Files of equal shape are made once.
struct Shape: Hashable, Sendable {
  enum Container: String { case mp4, png, jpeg, webp }

  var container = Container.mp4
  /// Pixels; both even for a video.
  var width: Int
  var height: Int
  /// Length of a video.
  var seconds = 0
  /// Frames a second; 0 lets the studio choose.
  var fps = 0
  var audio = false

  /// The file's name in the media folder.
  var name: String {
    container == .mp4
      ? "\(width)x\(height)-\(seconds)s-\(rate)fps\(audio ? "-tone" : "").mp4"
      : "\(width)x\(height).\(container.rawValue)"
  }

  /// What it is on the wire.
  var mime: String { container == .mp4 ? "video/mp4" : "image/\(container.rawValue)" }

  /// 24, and fewer where the test pattern would cost seconds of processor time.
  var rate: Int {
    if fps > 0 { return fps }
    let work = width * height * seconds
    return work <= 1280 * 720 * 12 ? 24 : work <= 1920 * 1080 * 15 ? 12 : 6
  }

  /// A frame whose short side is `short` pixels, as `1080p` and the like are meant.
  static func fitting(short: Int, aspect: String) -> (width: Int, height: Int) {
    let parts = aspect.split(separator: ":").compactMap { Int($0) }
    guard parts.count == 2, parts[0] > 0, parts[1] > 0 else { return (short * 16 / 9, short) }
    let (a, b) = (parts[0], parts[1])
    func even(_ n: Int) -> Int { (n + 1) / 2 * 2 }
    return a >= b ? (even(short * a / b), short) : (short, even(short * b / a))
  }

  /// `1280x720` as two numbers.
  static func pixels(_ size: String) -> (width: Int, height: Int)? {
    let parts = size.split(separator: "x").compactMap { Int($0) }
    return parts.count == 2 ? (parts[0], parts[1]) : nil
  }
}

extension Shape {
  /// For the job's line in the journal.
  var json: JSON {
    [
      "container": .string(container.rawValue), "width": JSON(width), "height": JSON(height),
      "seconds": JSON(seconds), "fps": JSON(fps), "audio": .bool(audio),
    ]
  }

  init?(_ json: JSON?) {
    guard let json, let width = json["width"]?.integer, let height = json["height"]?.integer,
      let container = json["container"]?.string.flatMap(Container.init(rawValue:))
    else { return nil }
    self.init(
      container: container, width: Int(width), height: Int(height),
      seconds: Int(json["seconds"]?.integer ?? 0), fps: Int(json["fps"]?.integer ?? 0),
      audio: json["audio"]?.bool ?? false)
  }
}
