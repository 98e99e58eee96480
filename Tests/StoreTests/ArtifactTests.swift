import FoundationEssentials
import Glibc
import KinoraModel
import KinoraStore
import Synchronization
import Testing

/// The bytes of a sample.
func bytes(of base64: String) -> [UInt8] {
  Data(base64Encoded: base64, options: .ignoreUnknownCharacters).map { [UInt8]($0) } ?? []
}

@Suite struct ArtifactTests {
  private func open(
    _ folder: TestFolder, _ faults: FaultHooks = .none, _ crash: CrashPoints = .off
  ) throws -> FileArtifactStore {
    try FileArtifactStore(directory: folder.path, boot: "boot", faults: faults, crash: crash)
  }

  @Test("A result lies under its sum, whole and synced, before anybody hears of it [P13] [B32]")
  func adopt() async throws {
    let folder = TestFolder()
    let log = Mutex<[String]>([])
    var faults = FaultHooks()
    faults.fsync = { path in
      log.withLock {
        $0.append("fsync " + (path.split(separator: "/").last.map(String.init) ?? ""))
      }
      return 0
    }
    let crash = CrashPoints { point in log.withLock { $0.append(point) } }
    let store = try open(folder, faults, crash)
    let path = store.temporaryPath()
    #expect(path != store.temporaryPath())
    try Data(Boxes.clip).write(to: URL(filePath: path))
    let clip = try await store.adopt(path: path, expected: "video")
    let name = path.split(separator: "/").last ?? ""
    #expect(
      log.withLock { $0 } == [
        "artifact.fsync.before", "fsync \(name)", "fsync sha256", "artifact.rename.before",
        "artifact.rename.after", "fsync \(clip.sha256.prefix(2))",
      ])
    let stored = try #require(store.path(sha256: clip.sha256))
    #expect(stored.hasSuffix("/\(clip.sha256.prefix(2))/\(clip.sha256.dropFirst(2))"))
    #expect(FileManager.default.contents(atPath: stored) == Data(Boxes.clip))
    #expect(!folder.exists(path))
    #expect(try await store.verify(sha256: clip.sha256) == .sound)
    // The same once more changes nothing, and mends what has rotted.
    try Data([1]).write(to: URL(filePath: stored))
    guard case .changed = try await store.verify(sha256: clip.sha256) else {
      Issue.record("the change was not seen")
      return
    }
    #expect(
      try await store.adopt(path: folder.write("again", Boxes.clip), expected: nil) == clip)
    #expect(try await store.verify(sha256: clip.sha256) == .sound)
    await store.close()
  }

  static let images: [(String, String, Int, Int)] = [
    ("image/jpeg", MediaSamples.jpeg, 20, 10), ("image/png", MediaSamples.png, 20, 10),
    ("image/webp", MediaSamples.webp, 20, 10), ("image/webp", MediaSamples.webpLossless, 20, 10),
  ]

  @Test(
    "Images are known by their bytes, with their pixels; a cut one is refused", arguments: images)
  func image(mime: String, sample: String, width: Int, height: Int) async throws {
    let folder = TestFolder()
    let store = try open(folder)
    let whole = bytes(of: sample)
    let image = try await store.adopt(path: folder.write("i", whole), expected: "image")
    #expect(image.mime == mime && image.width == width && image.height == height)
    for length in stride(from: 12, to: whole.count, by: 3) {
      let path = folder.write("i", whole[..<length])
      let error = await failure { _ = try await store.adopt(path: path, expected: "image") }
      #expect(error?.code == .assetUnusable, "\(length) of \(whole.count)")
    }
    await store.close()
  }

  @Test("A GIF ends with its trailer")
  func gif() async throws {
    let folder = TestFolder()
    let store = try open(folder)
    let gif = Array("GIF89a".utf8) + [3, 0, 2, 0, 0, 0, 0, 0x3b]
    let image = try await store.adopt(path: folder.write("g", gif), expected: "image")
    #expect(image.mime == "image/gif" && image.width == 3 && image.height == 2)
    let cut = folder.write("g", gif.dropLast())
    #expect(
      await failure { _ = try await store.adopt(path: cut, expected: "image") }?.code
        == .assetUnusable)
    await store.close()
  }

  static let strangers: [(String, String)] = [
    ("<!doctype html><p>Just a moment", "text/html"), ("{\"error\":1}", "application/json"),
    ("plain", "application/octet-stream"), ("ID3\u{4}", "audio/mpeg"),
    ("OggS....", "audio/ogg"), ("RIFF....WAVEfmt ", "audio/wav"),
  ]

  @Test("What is another medium is refused by its name", arguments: strangers)
  func stranger(text: String, mime: String) async throws {
    let folder = TestFolder()
    let store = try open(folder)
    let path = folder.write("file", text.utf8)
    let error = await failure { _ = try await store.adopt(path: path, expected: "video") }
    #expect(error?.code == .badMedia)
    #expect(error?.message == "video was expected, the bytes are \(mime)")
    #expect(!folder.exists(path))
    let kept = folder.write("file", text.utf8)
    #expect(try await store.adopt(path: kept, expected: nil).mime == mime)
    await store.close()
  }

  @Test("A link, a folder or nothing is not adopted")
  func noFile() async throws {
    let folder = TestFolder()
    let store = try open(folder)
    let target = folder.write("secret", Boxes.clip)
    symlink(target, folder["link"])
    for path in [folder["link"], folder["tmp"], folder["none"]] {
      #expect(await failure { _ = try await store.adopt(path: path, expected: nil) } != nil)
    }
    #expect(folder.exists(target))
    for name in ["", "../../secret", String(repeating: "A", count: 64)] {
      #expect(store.path(sha256: name) == nil)
    }
    await store.close()
  }

  @Test("A sync that fails is told; a full disk keeps the only copy")
  func faults() async throws {
    for (code, expected, isKept) in [
      (EIO, KinoraError.Code.storeFailed, false), (ENOSPC, .storageFull, true),
    ] {
      let folder = TestFolder()
      var faults = FaultHooks()
      faults.fsync = { _ in code }
      let store = try open(folder, faults)
      let path = folder.write("file", Boxes.clip)
      let error = await failure { _ = try await store.adopt(path: path, expected: "video") }
      #expect(error?.code == expected)
      #expect(folder.exists(path) == isKept)
      #expect(try await store.stored(before: .max) == [])
      await store.close()
    }
  }

  @Test("Room is checked against a floor")
  func room() async throws {
    let folder = TestFolder()
    let store = try open(folder)
    #expect(store.freeBytes() > 0)
    try store.checkRoom(for: 1, floor: 0)
    let error = await failure { try store.checkRoom(for: 1, floor: .max / 2) }
    #expect(error?.code == .storageFull)
    await store.close()
  }

  @Test("A start sweeps the temporary files of earlier ones, and no others")
  func sweepTemporary() async throws {
    let folder = TestFolder()
    let first = try FileArtifactStore(directory: folder.path, boot: "one")
    let path = first.temporaryPath()
    try Data([1]).write(to: URL(filePath: path))
    await first.close()
    let second = try FileArtifactStore(directory: folder.path, boot: "two")
    #expect(!folder.exists(path))
    #expect(!folder.exists(folder["tmp/one"]) && folder.exists(folder["tmp/two"]))
    await second.close()
  }

  @Test("Files that no job needs go after a day")
  func sweepUnreferenced() async throws {
    let folder = TestFolder()
    let files = try open(folder)
    let store = try SQLiteJobStore.open(folder)
    let needed = try await files.adopt(path: folder.write("a", Boxes.clip), expected: nil)
    let loose = try await files.adopt(
      path: folder.write("b", bytes(of: MediaSamples.png)), expected: nil)
    var job = record("a")
    job.artifacts = [needed]
    try await store.insert(job)
    let now = Milliseconds(time(nil)) * 1000
    #expect(try await files.sweep(unreferencedIn: store, now: now) == 0)
    let tomorrow = now + FileArtifactStore.unreferencedLife + 2000
    #expect(try await files.sweep(unreferencedIn: store, now: tomorrow) == loose.bytes)
    #expect(files.path(sha256: loose.sha256) == nil)
    #expect(files.path(sha256: needed.sha256) != nil)
    await store.close()
    await files.close()
  }
}
