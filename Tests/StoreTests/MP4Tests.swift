import KinoraModel
import KinoraStore
import Testing

/// Makes ISO media files box by box.
enum Boxes {
  static func box(_ type: String, _ body: [UInt8], size: UInt32? = nil) -> [UInt8] {
    number(size ?? UInt32(body.count + 8), 4) + Array(type.utf8) + body
  }

  static func number(_ value: UInt32, _ bytes: Int) -> [UInt8] {
    (0..<bytes).reversed().map { UInt8(truncatingIfNeeded: value >> UInt32(8 * $0)) }
  }

  static func zeros(_ count: Int) -> [UInt8] { Array(repeating: 0, count: count) }

  static let type = box("ftyp", Array("isom".utf8) + number(512, 4) + Array("isomavc1".utf8))

  static func sizes(_ sizes: [UInt32]) -> [UInt8] {
    box("stsz", zeros(8) + number(UInt32(sizes.count), 4) + sizes.flatMap { number($0, 4) })
  }

  static func track(
    _ handler: String, width: UInt32, height: UInt32, entry: String, samples: [UInt32],
    chunk: UInt32
  ) -> [UInt8] {
    let header = box(
      "tkhd", zeros(76) + number(width << 16, 4) + number(height << 16, 4))
    let description = box(
      "stsd",
      zeros(4) + number(1, 4) + box(entry, zeros(24) + number(99, 2) + number(88, 2) + zeros(50)))
    let chunks = box("stco", zeros(4) + number(1, 4) + number(chunk, 4))
    let table = box("stbl", description + sizes(samples) + chunks)
    let media = box(
      "mdia", box("hdlr", zeros(8) + Array(handler.utf8) + zeros(12)) + box("minf", table))
    return box("trak", header + media)
  }

  static func movie(_ tracks: [UInt8], scale: UInt32 = 1000, duration: UInt32 = 4200) -> [UInt8] {
    box(
      "moov",
      box("mvhd", zeros(12) + number(scale, 4) + number(duration, 4) + zeros(80)) + tracks)
  }

  static let video = track(
    "vide", width: 1280, height: 720, entry: "avc1", samples: [10, 20], chunk: 40)
  static let sound = track("soun", width: 0, height: 0, entry: "mp4a", samples: [5], chunk: 60)
  static let data = box("mdat", zeros(64))
  static let clip = type + movie(video + sound) + data
}

@Suite struct MP4Tests {
  private func adopt(_ bytes: [UInt8], expected: String? = "video") async throws -> Artifact {
    let folder = TestFolder()
    let store = try FileArtifactStore(directory: folder.path, boot: "boot")
    let artifact = try await store.adopt(path: folder.write("file", bytes), expected: expected)
    await store.close()
    return artifact
  }

  @Test("Size, length and codec are read from the clip [T81] [P13]")
  func facts() async throws {
    let clip = try await adopt(Boxes.clip)
    #expect(clip.mime == "video/mp4" && clip.bytes == Int64(Boxes.clip.count))
    #expect(clip.width == 1280 && clip.height == 720)
    #expect(clip.durationMilliseconds == 4200 && clip.codec == "h264")
    let real = try await adopt(bytes(of: MediaSamples.mp4))
    #expect(real.mime == "video/mp4" && real.codec == "h264")
    #expect(real.width == 64 && real.height == 48 && real.durationMilliseconds == 1500)
  }

  @Test("The index may stand behind the media, and the sizes in other places")
  func variants() async throws {
    let late = Boxes.type + Boxes.data + Boxes.movie(Boxes.video)
    #expect(try await adopt(late).width == 1280)
    let unsized = Boxes.track(
      "vide", width: 0, height: 0, entry: "hvc1", samples: [1], chunk: 40)
    let coded = try await adopt(Boxes.type + Boxes.movie(unsized) + Boxes.data)
    #expect(coded.width == 99 && coded.height == 88 && coded.codec == "hevc")
    let open = Boxes.type + Boxes.movie(Boxes.video) + Boxes.box("mdat", Boxes.zeros(64), size: 0)
    #expect(try await adopt(open).durationMilliseconds == 4200)
    let long =
      Boxes.number(1, 4) + Array("mdat".utf8) + Boxes.zeros(4) + Boxes.number(80, 4)
      + Boxes.zeros(64)
    #expect(try await adopt(Boxes.type + Boxes.movie(Boxes.video) + long).width == 1280)
    var quickTime = Boxes.clip
    quickTime.replaceSubrange(8..<12, with: "qt  ".utf8)
    #expect(try await adopt(quickTime).mime == "video/quicktime")
    let audio = Boxes.type + Boxes.movie(Boxes.sound) + Boxes.data
    #expect(try await adopt(audio, expected: "audio").mime == "audio/mp4")
  }

  @Test(
    "A clip that is cut anywhere is refused", arguments: [Boxes.clip, bytes(of: MediaSamples.mp4)])
  func truncated(clip: [UInt8]) async throws {
    let folder = TestFolder()
    let store = try FileArtifactStore(directory: folder.path, boot: "boot")
    for length in stride(from: 0, to: clip.count, by: clip.count > 1000 ? 37 : 5) {
      let path = folder.write("cut", clip[..<length])
      let error = await failure { _ = try await store.adopt(path: path, expected: "video") }
      // So short that nothing says what it is, or damaged.
      #expect(error?.code == (length < 8 && length > 0 ? .badMedia : .assetUnusable), "\(length)")
      #expect(!folder.exists(path))
    }
    #expect(try await store.stored(before: .max) == [])
    await store.close()
  }

  static let lies: [(String, [UInt8])] = [
    ("no moov", Boxes.type + Boxes.data),
    ("no media", Boxes.type + Boxes.movie(Boxes.video)),
    ("no track", Boxes.type + Boxes.movie([]) + Boxes.data),
    ("a box of four bytes", Boxes.type + Boxes.box("free", [], size: 4) + Boxes.clip),
    ("stray bytes", Boxes.clip + [1, 2, 3]),
    (
      "samples that need more than mdat",
      Boxes.type
        + Boxes.movie(
          Boxes.track("vide", width: 1, height: 1, entry: "avc1", samples: [60, 60], chunk: 40))
        + Boxes.data
    ),
    (
      "a chunk behind the end",
      Boxes.type
        + Boxes.movie(
          Boxes.track("vide", width: 1, height: 1, entry: "avc1", samples: [1], chunk: 9999))
        + Boxes.data
    ),
    (
      "more sizes than the table holds",
      Boxes.type
        + Boxes.movie(
          Boxes.box(
            "trak",
            Boxes.box(
              "mdia",
              Boxes.box(
                "minf",
                Boxes.box(
                  "stbl", Boxes.box("stsz", Boxes.zeros(8) + Boxes.number(.max, 4)))))))
        + Boxes.data
    ),
    (
      "sizes that overflow",
      Boxes.type
        + Boxes.movie(
          Boxes.box(
            "trak",
            Boxes.box(
              "mdia",
              Boxes.box(
                "minf",
                Boxes.box(
                  "stbl",
                  Boxes.box(
                    "stsz",
                    Boxes.zeros(4) + Boxes.number(.max, 4) + Boxes.number(.max, 4))
                    + Boxes.box(
                      "stsz",
                      Boxes.zeros(4) + Boxes.number(.max, 4) + Boxes.number(.max, 4)))))))
        + Boxes.data
    ),
  ]

  @Test("Boxes that contradict each other are refused", arguments: lies)
  func lie(name: String, bytes: [UInt8]) async throws {
    #expect(
      await failure { _ = try await adopt(bytes) }?.code == .assetUnusable, "\(name)")
  }

  @Test("No bytes make the walk trap")
  func noise() async throws {
    let folder = TestFolder()
    let store = try FileArtifactStore(directory: folder.path, boot: "boot")
    var random = SeededRandom(5)
    for _ in 0..<150 {
      var bytes = Boxes.clip
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        let at = Int.random(in: 0..<bytes.count, using: &random)
        bytes[at] = [0, 1, 0x7f, 0xff].randomElement(using: &random) ?? 0
      }
      let path = folder.write("noise", bytes)
      let error = await failure { _ = try await store.adopt(path: path, expected: nil) }
      #expect(error == nil || error?.code == .assetUnusable)
    }
    await store.close()
  }
}
