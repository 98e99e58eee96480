import Glibc
import KinoraLoop
import Synchronization

/// Makes real media with ffmpeg, once for each shape, and keeps them in the folder `media`.
final class Studio: Sendable {
  enum Reel: Equatable {
    case rendering
    case ready
    case failed(String)
  }

  private struct State {
    var drafts = 0
    var reels: [Shape: Reel] = [:]
    var waiting: [Shape] = []
    var running = 0
  }

  /// Renders at once; x264 spreads over the cores by itself.
  private static let atOnce = 2

  private let loop: EventLoop
  private let folder: String
  private let ffmpeg: String?
  private let state = Mutex(State())

  init(loop: EventLoop, folder: String, search: String) {
    self.loop = loop
    self.folder = folder
    ffmpeg = search.split(separator: ":").map { "\($0)/ffmpeg" }
      .first { access($0, X_OK) == 0 }
  }

  /// Where the file of a shape is, once it is ready.
  func path(_ shape: Shape) -> String { "\(folder)/\(shape.name)" }

  /// Starts the render unless it was ordered before, and says how far it is.
  @discardableResult
  func order(_ shape: Shape) -> Reel {
    let (reel, start) = state.withLock { state -> (Reel, Bool) in
      if let reel = state.reels[shape] { return (reel, false) }
      if access(path(shape), R_OK) == 0 {
        state.reels[shape] = .ready
        return (.ready, false)
      }
      state.reels[shape] = .rendering
      guard state.running < Self.atOnce else {
        state.waiting.append(shape)
        return (.rendering, false)
      }
      state.running += 1
      return (.rendering, true)
    }
    if start { Task.detached { await self.work(shape) } }
    return reel
  }

  /// Waits for a file; nil when it could not be made.
  func file(_ shape: Shape) async -> String? {
    while true {
      switch order(shape) {
      case .ready: return path(shape)
      case .failed: return nil
      case .rendering: try? await Task.sleep(for: .milliseconds(10))
      }
    }
  }

  private func work(_ first: Shape) async {
    var next: Shape? = first
    while let shape = next {
      let reel = await render(shape)
      if case .failed(let why) = reel { Trouble.say("cannot render \(shape.name): \(why)") }
      next = state.withLock { state in
        state.reels[shape] = reel
        if !state.waiting.isEmpty { return state.waiting.removeFirst() }
        state.running -= 1
        return nil
      }
    }
  }

  private func render(_ shape: Shape) async -> Reel {
    guard let ffmpeg else { return .failed("no ffmpeg in PATH") }
    // Shapes that differ in what their name leaves out may be rendered side by side.
    let number = state.withLock { state in
      state.drafts += 1
      return state.drafts
    }
    let draft = "\(folder)/.\(getpid())-\(number)-\(shape.name)"
    do throws(SystemError) {
      let child = try ChildProcess.spawn(
        on: loop, executable: ffmpeg, arguments: Self.arguments(shape) + [draft], onOutput: nil)
      let exit = await child.exit
      guard exit.status == 0 else {
        unlink(draft)
        return .failed(String(decoding: exit.errorOutput, as: UTF8.self))
      }
    } catch {
      return .failed(error.description)
    }
    return rename(draft, path(shape)) == 0 ? .ready : .failed("cannot rename \(draft)")
  }

  private static func arguments(_ shape: Shape) -> [String] {
    let picture = "testsrc2=size=\(shape.width)x\(shape.height)"
    var list = ["-nostdin", "-v", "error", "-y", "-f", "lavfi"]
    guard shape.container == .mp4 else {
      return list + ["-i", picture, "-frames:v", "1", "-c:v", codec(shape), "-f", "image2"]
    }
    list += ["-i", "\(picture):rate=\(shape.rate):duration=\(shape.seconds)"]
    if shape.audio {
      list += ["-f", "lavfi", "-i", "sine=frequency=440:duration=\(shape.seconds)"]
    }
    list += ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "45", "-pix_fmt", "yuv420p"]
    if shape.audio { list += ["-c:a", "aac", "-b:a", "64k"] }
    return list + ["-movflags", "+faststart", "-f", "mp4"]
  }

  private static func codec(_ shape: Shape) -> String {
    switch shape.container {
    case .png: "png"
    case .webp: "libwebp"
    default: "mjpeg"
    }
  }
}
